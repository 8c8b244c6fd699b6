"""Cosignatures: a witness says that a checkpoint goes on from all that it saw of a log (C2SP tlog-cosignature).

Two kinds: Ed25519, which the public witnesses of today use, and ML-DSA-44 (FIPS 204), which a quantum computer does not
forge. A witness that has keys of both gives both.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from gateway.audit.base64_text import decode_strictly
from gateway.audit.checkpoint import Head, parse_head
from gateway.audit.note import KEY_ID_BYTES, note_parts, signature_parts, valid_name
from gateway.core.errors import Misconfigured, Tampered

_TIME_BYTES = 8
_LONGEST_NAME = 255
_SUBTREE_LABEL = b"subtree/v1\n\0"


class CosignatureKind(IntEnum):
    """The type byte in key ids and verify keys of witnesses."""

    ED25519 = 0x04
    ML_DSA_44 = 0x06


def _line_message(_cosigner: str, text: str, time: int) -> bytes:
    """Of Ed25519: the whole text under a header and the time."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _tree_message(cosigner: str, text: str, time: int) -> bytes:
    """Of ML-DSA-44: names, time and the tree, each with its length or in fixed width; extension lines are not in it.
    Raises Tampered when the text is no checkpoint."""
    head: Head = parse_head(text)
    return b"".join(
        (
            _SUBTREE_LABEL,
            _prefixed(cosigner),
            time.to_bytes(_TIME_BYTES, "big"),
            _prefixed(head.origin),
            bytes(_TIME_BYTES),  # the first leaf of the tree
            head.size.to_bytes(_TIME_BYTES, "big"),
            head.root,
        )
    )


def _prefixed(name: str) -> bytes:
    data = name.encode()
    if not 0 < len(data) <= _LONGEST_NAME:
        raise Tampered("a name is too long for a cosignature", code="bad-note")
    return bytes([len(data)]) + data


def _ed25519_holds(public: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)


def _ml_dsa_44_holds(public: bytes, signature: bytes, message: bytes) -> None:
    MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)


@dataclass(frozen=True, slots=True)
class _Scheme:
    key_bytes: int
    message: Callable[[str, str, int], bytes]
    verify: Callable[[bytes, bytes, bytes], None]


_SCHEMES: Mapping[CosignatureKind, _Scheme] = {
    CosignatureKind.ED25519: _Scheme(32, _line_message, _ed25519_holds),
    CosignatureKind.ML_DSA_44: _Scheme(1312, _tree_message, _ml_dsa_44_holds),
}


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public key of a witness; its text has the form of every verify key, with another type byte."""

    name: str
    public_key: bytes
    kind: CosignatureKind = CosignatureKind.ED25519

    def __post_init__(self) -> None:
        if not valid_name(self.name) or len(self.public_key) != _SCHEMES[self.kind].key_bytes:
            raise Misconfigured("the witness key has no proper name or a wrong length", code="bad-verify-key")

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Raises Misconfigured when the text is not the key of a witness or its key id does not belong to it."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            body = decode_strictly(encoded)
        except ValueError:
            raise Misconfigured("the witness key is not of the form name+hash+base64", code="bad-verify-key") from None
        if not body or body[0] not in _SCHEMES:
            raise Misconfigured("the key is not that of a witness (Ed25519 or ML-DSA-44)", code="bad-verify-key")
        key = cls(name, body[1:], CosignatureKind(body[0]))
        if key.key_id.hex() != key_id:
            raise Misconfigured("the hash in the witness key does not belong to its key", code="bad-verify-key")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether it cosigned the checkpoint with this text, at whatever time the signature tells."""
        time, signed, scheme = (
            int.from_bytes(signature[:_TIME_BYTES], "big"),
            signature[_TIME_BYTES:],
            _SCHEMES[self.kind],
        )
        try:
            scheme.verify(self.public_key, signed, scheme.message(self.name, text, time))
        except InvalidSignature:
            return False
        return True


class CosigningKey(Protocol):
    """One private key of a witness."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


def cosign(text: str, key: CosigningKey, at: datetime, kind: CosignatureKind = CosignatureKind.ED25519) -> str:
    """The signature line of a witness under the checkpoint with this text, with its newline."""
    time, public = int(at.timestamp()), WitnessKey(key.name, key.public_key, kind)
    signature = time.to_bytes(_TIME_BYTES, "big") + key.sign(_SCHEMES[kind].message(key.name, text, time))
    return f"\N{EM DASH} {key.name} {b64encode(public.key_id + signature).decode()}\n"


def cosigners(note: str, keys: Iterable[WitnessKey]) -> frozenset[WitnessKey]:
    """Those of ``keys`` that cosigned the checkpoint. Raises Tampered when the note is malformed."""
    text, lines = note_parts(note)
    return frozenset(key for key in keys if any(_holds(line, text, key) for line in lines))


def witnessed(note: str, keys: Sequence[WitnessKey]) -> int:
    """How many witnesses cosigned the checkpoint: those of which every key that is known here did."""
    lacking = {key.name for key in set(keys) - cosigners(note, keys)}
    return len({key.name for key in keys} - lacking)


def accepted_lines(text: str, answer: str, key: WitnessKey) -> str:
    """The line of a witness's answer that is its cosignature of the checkpoint under this key; others are dropped.
    Raises Tampered when there is none."""
    kept = [line for line in answer.split("\n") if line and _holds(line, text, key)]
    if not kept:
        raise Tampered("the witness did not answer with its cosignature", code="bad-cosignature")
    return kept[0] + "\n"


def _holds(line: str, text: str, key: WitnessKey) -> bool:
    name, key_id, signature = signature_parts(line)
    return (name, key_id) == (key.name, key.key_id) and key.verifies(text, signature)
