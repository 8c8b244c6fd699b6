"""The profile ``hpke-pq`` (docs/wire.md): HPKE (RFC 9180) with a hybrid KEM, over a payload with two signatures.

    message  = magic | length of head (2) | head | HPKE encapsulation and ciphertext
    opened   = length of note (2) | note | length (2) | ECDSA signature | length (2) | ML-DSA signature | payload
    signed   = label | length of note (2) | note | payload

Head and note are canonical JSON. The head is the ``info`` of HPKE, so it is authenticated. Both signatures are over the
same bytes and both must verify: breaking one of the two algorithms forges nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM1024P384PrivateKey,
    MLKEM1024P384PublicKey,
    Suite,
)

from gateway.core.audit_entry import canonical_json
from gateway.core.protection import Ends, MessageRefused, Note, Opened

MAGIC = b"GWH1"
SUITE = Suite(KEM.MLKEM1024_P384, KDF.HKDF_SHA384, AEAD.AES_256_GCM)
LABEL = b"child-support-gateway hpke-pq signature 1\x00"
INFO = b"child-support-gateway hpke-pq 1\x00"
OVERHEAD = 16 * 1_024
"""Bytes of a message beside its payload, at most."""
_HEAD: Mapping[str, type] = {"from": str, "kid": str, "to": str, "v": int}
_NOTE: Mapping[str, type] = {
    "at": int, "ecdsa": str, "from": str, "id": str, "mldsa": str, "to": str, "type": str, "v": int,
}  # fmt: skip
_LENGTH = 2


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    id: str
    key: MLKEM1024P384PublicKey


@dataclass(frozen=True, slots=True)
class HybridSigner:
    ecdsa_id: str
    ecdsa: ec.EllipticCurvePrivateKey
    mldsa_id: str
    mldsa: mldsa.MLDSA65PrivateKey


@dataclass(frozen=True, slots=True)
class HybridVerifier:
    ecdsa: ec.EllipticCurvePublicKey
    mldsa: mldsa.MLDSA65PublicKey


FindOpener = Callable[[str], MLKEM1024P384PrivateKey]
FindVerifier = Callable[[str, str], HybridVerifier]
"""The sender's keys by their two ids: ECDSA, ML-DSA. Both raise MessageRefused."""


def protect(plain: bytes, note: Note, to: HybridRecipient, by: HybridSigner) -> bytes:
    head = canonical_json({"v": 1, "from": note.ends.sender, "to": note.ends.recipient, "kid": to.id})
    told = canonical_json(
        {
            "v": 1,
            "from": note.ends.sender,
            "to": note.ends.recipient,
            "id": note.id,
            "at": int(note.at.timestamp()),
            "type": note.media_type,
            "ecdsa": by.ecdsa_id,
            "mldsa": by.mldsa_id,
        }
    )
    signed = b"".join((LABEL, _measured(told), plain))
    signatures = (by.ecdsa.sign(signed, ec.ECDSA(SHA384())), by.mldsa.sign(signed, LABEL))
    inner = b"".join((_measured(told), *(_measured(one) for one in signatures), plain))
    return b"".join((MAGIC, _measured(head), SUITE.encrypt(inner, to.key, INFO + head)))


def unprotect(message: bytes, ends: Ends, ours: FindOpener, theirs: FindVerifier) -> Opened:
    """Raises MessageRefused."""
    if not message.startswith(MAGIC):
        raise MessageRefused("form")
    head_bytes, sealed = _cut(message[len(MAGIC) :])
    head = _members(head_bytes, _HEAD)
    _directed(head, ends)
    try:
        inner = SUITE.decrypt(sealed, ours(str(head["kid"])), INFO + head_bytes)
    except (InvalidTag, ValueError):
        raise MessageRefused("open") from None
    told, rest = _cut(inner)
    ecdsa, rest = _cut(rest)
    mldsa_, plain = _cut(rest)
    note = _members(told, _NOTE)
    verifier = theirs(str(note["ecdsa"]), str(note["mldsa"]))
    _verify(verifier, b"".join((LABEL, _measured(told), plain)), ecdsa, mldsa_)
    _directed(note, ends)
    signers = (str(note["ecdsa"]), str(note["mldsa"]))
    return Opened(plain, signers, str(head["kid"]), str(note["id"]), _time(note["at"]), str(note["type"]))


def _verify(verifier: HybridVerifier, signed: bytes, ecdsa: bytes, mldsa_: bytes) -> None:
    try:
        verifier.ecdsa.verify(ecdsa, signed, ec.ECDSA(SHA384()))
        verifier.mldsa.verify(mldsa_, signed, LABEL)
    except (InvalidSignature, ValueError):
        raise MessageRefused("signature") from None


def _directed(told: Mapping[str, str | int], ends: Ends) -> None:
    if (told["from"], told["to"]) != (ends.sender, ends.recipient):
        raise MessageRefused("ends", code="message-misdirected")


def _measured(value: bytes) -> bytes:
    return len(value).to_bytes(_LENGTH, "big") + value


def _cut(value: bytes) -> tuple[bytes, bytes]:
    """A measured value, and what follows it."""
    end = _LENGTH + int.from_bytes(value[:_LENGTH], "big")
    if len(value) < max(end, _LENGTH):
        raise MessageRefused("form")
    return value[_LENGTH:end], value[end:]


def _members(text: bytes, members: Mapping[str, type]) -> Mapping[str, str | int]:
    """Exactly these members, in the one form that they have."""
    try:
        found = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise MessageRefused("header") from None
    if not isinstance(found, dict) or found.keys() != members.keys():
        raise MessageRefused("header")
    if any(type(found[name]) is not kind for name, kind in members.items()) or found["v"] != 1:
        raise MessageRefused("header")
    if canonical_json(found) != text:
        raise MessageRefused("header")
    return dict(found)


def _time(seconds: str | int) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise MessageRefused("header") from None
