"""Signed notes (C2SP signed-note): signatures of logs, and cosignatures of witnesses with the time they were made."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from verifier.faults import NotProved, Unreadable

LOG, WITNESS, WITNESS_ML_DSA = 0x01, 0x04, 0x06
"""Signature types: Ed25519 over the text; cosignatures with Ed25519 and with ML-DSA-44 (C2SP tlog-cosignature)."""
WITNESSES = frozenset({WITNESS, WITNESS_ML_DSA})
LONGEST_NOTE = 64 * 1024
_KEY_BYTES = {LOG: 32, WITNESS: 32, WITNESS_ML_DSA: 1312}
_ID_BYTES, _TIME_BYTES = 4, 8
_CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")
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
        if not body or len(body) - 1 != _KEY_BYTES.get(body[0]) or not _is_name(words[0]):
            raise Unreadable("a verify key is neither that of a log nor that of a witness")
        key = cls(words[0], body[0], body[1:])
        if key.id.hex() != words[1]:
            raise Unreadable("the id in a verify key is not that of the key")
        return key

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the key signed the note text."""
        if self.kind == LOG:
            return self._verified(signature, text.encode())
        time, rest = signature[:_TIME_BYTES], signature[_TIME_BYTES:]
        message = _of_lines(text, time) if self.kind == WITNESS else self._of_tree(text, time)
        return message is not None and self._verified(rest, message)

    def _of_tree(self, text: str, time: bytes) -> bytes | None:
        """What an ML-DSA-44 cosignature is over: names, time and tree; None when the text is no checkpoint."""
        match = _CHECKPOINT.fullmatch(text)
        if match is None or len(time) != _TIME_BYTES:
            return None
        names = [bytes([len(name)]) + name for name in (self.name.encode(), match[1].encode()) if len(name) < 256]  # noqa: PLR2004 - one byte of length
        if len(names) != 2:  # noqa: PLR2004 - the cosigner and the log
            return None
        tree = bytes(_TIME_BYTES) + int(match[2]).to_bytes(_TIME_BYTES, "big") + unbase64(match[3])
        return b"subtree/v1\n\0" + names[0] + time + names[1] + tree

    def _verified(self, signature: bytes, message: bytes) -> bool:
        algorithm = MLDSA44PublicKey if self.kind == WITNESS_ML_DSA else Ed25519PublicKey
        try:
            algorithm.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _of_lines(text: str, time: bytes) -> bytes:
    """What an Ed25519 cosignature is over."""
    return f"cosignature/v1\ntime {int.from_bytes(time, 'big')}\n{text}".encode()


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
