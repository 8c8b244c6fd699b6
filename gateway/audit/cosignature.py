"""Cosignatures: a witness says that a checkpoint goes on from all that it saw of a log (C2SP tlog-cosignature, v1)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.base64_text import decode_strictly
from gateway.audit.note import KEY_ID_BYTES, PUBLIC_KEY_BYTES, note_parts, signature_parts, valid_name
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.ports.keys import Signer

ED25519_COSIGNATURE = b"\x04"
"""The type byte in key ids and verify keys of witnesses."""
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public key of a witness; its text has the form of every verify key, with another type byte."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not valid_name(self.name) or len(self.public_key) != PUBLIC_KEY_BYTES:
            raise Misconfigured("the witness key has no proper name or is not an Ed25519 key", code="bad-verify-key")

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519_COSIGNATURE + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519_COSIGNATURE + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """Raises Misconfigured when the text is not the key of a witness or its key id does not belong to it."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            body = decode_strictly(encoded)
        except ValueError:
            raise Misconfigured("the witness key is not of the form name+hash+base64", code="bad-verify-key") from None
        if body[:1] != ED25519_COSIGNATURE:
            raise Misconfigured("the key is not that of a witness (Ed25519 cosignatures)", code="bad-verify-key")
        key = cls(name, body[1:])
        if key.key_id.hex() != key_id:
            raise Misconfigured("the hash in the witness key does not belong to its key", code="bad-verify-key")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether it cosigned the checkpoint with this text, at whatever time the signature tells."""
        time, signed = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signed, _message(text, time))
        except InvalidSignature:
            return False
        return True


def cosign(text: str, signer: Signer, at: datetime) -> str:
    """The signature line of a witness under the checkpoint with this text, with its newline."""
    time = int(at.timestamp())
    key = WitnessKey(signer.name, signer.public_key)
    signature = time.to_bytes(_TIME_BYTES, "big") + signer.sign(_message(text, time))
    return f"\N{EM DASH} {key.name} {b64encode(key.key_id + signature).decode()}\n"


def cosigners(note: str, keys: Sequence[WitnessKey]) -> frozenset[WitnessKey]:
    """Those of ``keys`` that cosigned the checkpoint. Raises Tampered when the note is malformed."""
    text, lines = note_parts(note)
    return frozenset(key for key in keys if any(_holds(line, text, key) for line in lines))


def accepted_lines(text: str, answer: str, key: WitnessKey) -> str:
    """The lines of a witness's answer that are its cosignature of the checkpoint, usually one; others are dropped.
    Raises Tampered when there is none."""
    kept = [line for line in answer.split("\n") if line and _holds(line, text, key)]
    if not kept:
        raise Tampered("the witness did not answer with its cosignature", code="bad-cosignature")
    return kept[0] + "\n"


def _holds(line: str, text: str, key: WitnessKey) -> bool:
    name, key_id, signature = signature_parts(line)
    return (name, key_id) == (key.name, key.key_id) and key.verifies(text, signature)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
