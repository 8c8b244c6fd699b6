"""Signed notes (C2SP signed-note) with Ed25519 signatures of logs and timestamped cosignatures of witnesses."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verifier.faults import NotProved, Unreadable

LOG, WITNESS = 0x01, 0x04
"""Signature types: Ed25519 over the text, and Ed25519 cosignature/v1 (C2SP tlog-cosignature)."""
LONGEST_NOTE = 64 * 1024
_KEY_BYTES, _ID_BYTES, _TIME_BYTES, _SIGNATURE_BYTES = 32, 4, 8, 64
_DASH = "\N{EM DASH} "


def unbase64(text: str) -> bytes:
    """Raises Unreadable for all but the one base64 of a value (RFC 4648, section 4)."""
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise Unreadable("a base64 text is malformed") from None
    if b64encode(value).decode() != text:
        raise Unreadable("a base64 text is not the canonical one")
    return value


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A key that signatures are checked against: ``<name>+<key id in hex>+<base64 of (type | public key)>``."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Raises Unreadable when the text is no such key, or its id is not that of the key."""
        words = text.strip().split("+", 2)
        if len(words) != 3:  # noqa: PLR2004 - name, id, key
            raise Unreadable("a verify key is not of the form name+id+base64")
        body = unbase64(words[2])
        if len(body) != 1 + _KEY_BYTES or body[0] not in (LOG, WITNESS) or not _is_name(words[0]):
            raise Unreadable("a verify key is neither that of a log nor that of a witness (Ed25519)")
        key = cls(words[0], body[0], body[1:])
        if key.id.hex() != words[1]:
            raise Unreadable("the id in a verify key is not that of the key")
        return key

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the key signed the note text."""
        if self.kind == WITNESS:
            if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
                return False
            time, signature = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
            text = f"cosignature/v1\ntime {time}\n{text}"
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    id: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures, parsed and not yet checked."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        text, separator, lines = note.rpartition("\n\n")
        clean = not any((char < " " and char != "\n") or "\ud800" <= char <= "\udfff" for char in note)
        if not separator or not text or not lines.endswith("\n") or not clean or len(note) > LONGEST_NOTE:
            raise Unreadable("the checkpoint is not a signed note")
        return cls(text + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))

    def signers(self, keys: tuple[VerifyKey, ...]) -> frozenset[VerifyKey]:
        """Those of ``keys`` that signed. Signatures of other keys are passed over; a wrong one of a known key raises
        NotProved: somebody forged it."""
        known = {(key.name, key.id): key for key in keys}
        found = set()
        for signature in self.signatures:
            key = known.get((signature.name, signature.id))
            if key is None:
                continue
            if not key.accepts(self.text, signature.body):
                raise NotProved(f"the signature of {key.name} is wrong")
            found.add(key)
        return frozenset(found)


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise Unreadable("a signature line of the checkpoint is malformed")
    body = unbase64(encoded)
    if len(body) <= _ID_BYTES:
        raise Unreadable("a signature line of the checkpoint is malformed")
    return Signature(name, body[:_ID_BYTES], body[_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and name.isprintable() and not any(char.isspace() for char in name)
