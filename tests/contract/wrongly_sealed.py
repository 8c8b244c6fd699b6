"""Messages from Ohio that name the right key and do not open with it: each for another reason under our private key."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.core.protection import GATEWAY, Algorithm, Profile, Use
from keys.wire.cms_enveloped import _recipient, encrypt, encrypt_cbc
from keys.wire.cms_forms import (
    AUTH_ENVELOPED_DATA,
    ENVELOPED_DATA,
    AuthEnvelopedData,
    EncryptedContent,
    EnvelopedData,
    KeyAgreement,
    KeyTransport,
    RecipientKey,
    content_info,
    content_of,
)
from keys.wire.cms_signed import sign
from keys.wire.protection import _recipient as recipient_of
from keys.wire.protection import _signer
from tests.unit.jose_forge import Jwe, _point
from tests.unit.wire_site import WIRE, key, message, note, public, signers

BLOCK = 16
_HEAD_AT, _KEM, _POINT = 6, 1_568, 97
"""Bytes of a hybrid message: where its head begins, and how long ML-KEM-1024 and a point of P-384 are."""


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)


def wrongly_sealed(profile: Profile, algorithm: Algorithm, plain: bytes) -> Mapping[str, bytes]:
    """What is wrong -> the message. All else is as it should be, the outer signature of ``cms-cbc`` too."""
    if profile is Profile.JOSE:
        return _jose(plain)
    if profile is Profile.HPKE_PQ:
        return _hybrid(message(profile, algorithm, plain))
    to = recipient_of(WIRE, public(key(GATEWAY, Use.ENCRYPT, algorithm)))
    signer = _signer(WIRE, signers(profile, "ohio")[0])
    if profile is Profile.CMS:
        return _cms(sign(plain, note(), signer), to)
    return {what: sign(sealed, note(), signer, legacy=True) for what, sealed in _cbc(plain, to).items()}


def _jose(plain: bytes) -> Mapping[str, bytes]:
    """A wrapped key that does not unwrap, an agreement with another point, and what the tag does not fit."""
    head, wrapped, nonce, content, tag = Jwe(plain).made().split(b".")
    other = _point(ec.generate_private_key(ec.SECP256R1()).public_key(), "P-256")
    return {
        "wrapped key": b".".join((head, _other(wrapped), nonce, content, tag)),
        "point": Jwe(plain, point=other).made(),
        "tag": b".".join((head, wrapped, nonce, content, _other(tag))),
        "content": b".".join((head, wrapped, nonce, _other(content), tag)),
    }


def _other(part: bytes) -> bytes:
    """Base64url of the same length with another beginning."""
    return (b"BBBBBBBB" if part[:8] != b"BBBBBBBB" else b"CCCCCCCC") + part[8:]


def _hybrid(made: bytes) -> Mapping[str, bytes]:
    """ML-KEM gives another key for what it did not encapsulate (FIPS 203), as an agreement does for another point."""
    begin = _HEAD_AT + int.from_bytes(made[_HEAD_AT - 2 : _HEAD_AT], "big")
    at, end = begin + _KEM, begin + _KEM + _POINT
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    point = other.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "encapsulated key": flipped(made, begin),
        "point": made[:at] + point + made[end:],
        "tag": flipped(made, -1),
        "content": flipped(made, end),
    }


def _cms(signed: bytes, to) -> Mapping[str, bytes]:
    whole = content_of(AuthEnvelopedData, AUTH_ENVELOPED_DATA, encrypt(signed, to))

    def made(recipient=None, tag=None):
        recipients = whole.recipients if recipient is None else asn1.SetOf([recipient])
        fields = {"version": 0, "recipients": recipients, "content": whole.content, "tag": tag or whole.tag}
        return content_info(AUTH_ENVELOPED_DATA, AuthEnvelopedData(**fields))

    return {
        "wrapped key": made(_unwrappable(whole.recipients.as_list()[0])),
        "length of the key": made(_recipient(os.urandom(16), to)),
        "another key": made(_recipient(os.urandom(32), to)),
        "tag": made(tag=flipped(whole.tag, -1)),
    }


def _cbc(plain: bytes, to) -> Mapping[str, bytes]:
    whole = content_of(EnvelopedData, ENVELOPED_DATA, encrypt_cbc(plain, to))
    sealed = whole.content.content

    def made(recipient=None, content=None):
        recipients = whole.recipients if recipient is None else asn1.SetOf([recipient])
        algorithm, kind = whole.content.algorithm, whole.content.content_type
        inside = EncryptedContent(content_type=kind, algorithm=algorithm, content=content or sealed)
        return content_info(ENVELOPED_DATA, EnvelopedData(version=whole.version, recipients=recipients, content=inside))

    return {
        "wrapped key": made(_unwrappable(whole.recipients.as_list()[0])),
        "length of the key": made(_recipient(os.urandom(16), to)),
        "another key": made(_recipient(os.urandom(32), to)),
        "padding": made(content=flipped(sealed, -BLOCK - 1)),
    }


def _unwrappable(one: KeyTransport | KeyAgreement) -> KeyTransport | KeyAgreement:
    if isinstance(one, KeyTransport):
        junk = b"\0" + os.urandom(len(one.key) - 1)  # below the modulus, so that it is the padding that is wrong
        return KeyTransport(version=one.version, recipient=one.recipient, algorithm=one.algorithm, key=junk)
    first = one.keys[0]
    return KeyAgreement(
        version=one.version,
        originator=one.originator,
        material=one.material,
        algorithm=one.algorithm,
        keys=[RecipientKey(recipient=first.recipient, key=flipped(first.key, 0))],
    )
