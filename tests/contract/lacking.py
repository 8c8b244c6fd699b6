"""Messages of ours that lack one thing which a partner's program has to look at: all else is as it should be."""

from __future__ import annotations

from collections.abc import Mapping

from joserfc import jwe

from gateway.core.protection import GATEWAY, Algorithm, Profile, Use
from keys.wire import jose
from keys.wire.cms_enveloped import encrypt, encrypt_cbc
from keys.wire.protection import _jose_key, _recipient
from tests.unit.wire_site import OUT, PLAIN, WIRE, key, note, public, signers

WAYS = ("signature", "signer", "recipient", "integrity")
"""Not signed at all; signed with a key of somebody else; encrypted to somebody else; a byte of its end changed."""
REFUSED = {"nothing": PLAIN, **dict.fromkeys(WAYS)}
"""What a program reads of each that looks at all of it: the one that lacks nothing."""


def lacking(profile: Profile, algorithm: Algorithm, signature: Algorithm = Algorithm.P256) -> Mapping[str, bytes]:
    """Each of the ways, and nothing -> the message from the gateway to Ohio."""
    to, other = public(key("ohio", Use.ENCRYPT, algorithm)), public(key("ohio", Use.ENCRYPT, algorithm, 9))
    ours, stranger = _signers(profile, GATEWAY, signature), _signers(profile, "michigan", signature)
    whole = WIRE.protect(profile, PLAIN, note(OUT), to, ours).body
    return {
        "nothing": whole,
        "signature": _unsigned(profile, to),
        "signer": WIRE.protect(profile, PLAIN, note(OUT), to, stranger).body,
        "recipient": WIRE.protect(profile, PLAIN, note(OUT), other, ours).body,
        "integrity": _changed(profile, whole),
    }


def _signers(profile, owner, signature):
    return [key(owner, Use.VERIFY, signature)] if profile is Profile.JOSE else signers(profile, owner)


def _unsigned(profile, to):
    if profile is Profile.JOSE:
        ends = {"iss": OUT.sender, "aud": OUT.recipient}
        outer = {"alg": jose.WRAPPING, "enc": jose.CONTENT, "kid": to.id, "typ": jose.OUTER, "cty": "JOSE", **ends}
        opening = _jose_key(WIRE, to, private=False).key
        return jwe.encrypt_compact(outer, PLAIN, opening, registry=jose._Encryption(len(PLAIN))).encode()
    return (encrypt_cbc if profile is Profile.CMS_CBC else encrypt)(PLAIN, _recipient(WIRE, to))


def _changed(profile, whole):
    if profile is Profile.JOSE:
        at = len(whole) - 5  # not the last character, whose last bits count for nothing
        return whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :]
    return whole[:-1] + bytes([whole[-1] ^ 1])
