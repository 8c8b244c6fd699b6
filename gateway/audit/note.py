"""Signed notes with Ed25519 (C2SP signed-note) and the text of verify keys.

A note is a text that ends in a newline, an empty line, and signature lines ``— <name> <base64(key id, signature)>``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.base64_text import decode_strictly
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.ports.keys import Signer

ED25519 = b"\x01"
"""The signature type byte of Ed25519 in key ids and verify keys."""
KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32
LONGEST_NOTE = 64 * 1024
"""Characters; room for more than 16 signatures of any assigned type."""
_SIGNATURE_LINE = "\N{EM DASH} "
_SIGNATURE_WORDS = 2


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key that notes are checked against; its name is the origin of the log."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not valid_name(self.name) or len(self.public_key) != PUBLIC_KEY_BYTES:
            raise Misconfigured("the verify key has no proper name or is not an Ed25519 key", code="bad-verify-key")

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """``name+<8 hex digits of the key id>+base64(0x01, public key)``."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public_key).decode()}"

    @classmethod
    def of(cls, signer: Signer) -> VerifyKey:
        return cls(signer.name, signer.public_key)

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Raises Misconfigured when the text is no verify key or its key id does not belong to it."""
        words = text.strip().split("+", 2)
        try:
            name, key_id, encoded = words
            body = decode_strictly(encoded)
        except ValueError:
            raise Misconfigured("the verify key is not of the form name+hash+base64", code="bad-verify-key") from None
        if body[:1] != ED25519:
            raise Misconfigured("the verify key is not an Ed25519 key", code="bad-verify-key")
        key = cls(name, body[1:])
        if key.key_id.hex() != key_id:
            raise Misconfigured("the hash in the verify key does not belong to its key", code="bad-verify-key")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def valid_name(name: str) -> bool:
    """Key names are not empty and hold no white space, no control character and no plus sign."""
    return bool(name) and "+" not in name and name.isprintable() and not any(char.isspace() for char in name)


def sign_note(text: str, signer: Signer) -> str:
    """The signed note over ``text``, which ends in a newline."""
    key = VerifyKey.of(signer)
    signature = b64encode(key.key_id + signer.sign(text.encode())).decode()
    return f"{text}\n{_SIGNATURE_LINE}{key.name} {signature}\n"


def open_note(note: str, keys: Sequence[VerifyKey]) -> str:
    """The text of a note that at least one of ``keys`` signed. Signatures of keys that are not ours to judge are passed
    over. Raises Tampered when the note is malformed, when no key signed it, or when a signature under one of ``keys``
    is wrong."""
    text, lines = note_parts(note)
    known = {(key.name, key.key_id): key for key in keys}
    signed = False
    for line in lines:
        name, key_id, signature = signature_parts(line)
        key = known.get((name, key_id))
        if key is None:
            continue
        if not key.verifies(text.encode(), signature):
            raise Tampered("a signature of the note is wrong", code="bad-signature")
        signed = True
    if not signed:
        raise Tampered("no known key signed the note", code="bad-signature")
    return text


def note_parts(note: str) -> tuple[str, list[str]]:
    """The text and the signature lines. Raises Tampered when the note is malformed."""
    text, _, signatures = note.rpartition("\n\n")
    printable = not any((char < " " and char != "\n") or "\ud800" <= char <= "\udfff" for char in note)
    if len(note) > LONGEST_NOTE or not printable or not text or not signatures.endswith("\n"):
        raise Tampered("the note is malformed", code="bad-note")
    return text + "\n", signatures[:-1].split("\n")


def signature_parts(line: str) -> tuple[str, bytes, bytes]:
    """Key name, key id and signature. Raises Tampered when the line is malformed."""
    words = line.removeprefix(_SIGNATURE_LINE).split(" ")
    if not line.startswith(_SIGNATURE_LINE) or len(words) != _SIGNATURE_WORDS:
        raise Tampered("a signature line of the note is malformed", code="bad-note")
    try:
        body = decode_strictly(words[1])
    except ValueError:
        raise Tampered("a signature line of the note is malformed", code="bad-note") from None
    if len(body) <= KEY_ID_BYTES or not valid_name(words[0]):
        raise Tampered("a signature line of the note is malformed", code="bad-note")
    return words[0], body[:KEY_ID_BYTES], body[KEY_ID_BYTES:]
