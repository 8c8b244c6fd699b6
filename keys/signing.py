"""Ed25519 signatures for the checkpoints of the audit log."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.ring import KeyRing
from keys.states import KeyUse

SIGNING_LABEL = "audit-log"


class NoteSigner:
    """The Signer over the active note-signing key. ``name`` is the origin of the log (``gateway.example/audit``)."""

    def __init__(self, ring: KeyRing, name: str) -> None:
        """Raises Misconfigured when the ring has no active signing key."""
        self._name = name
        self._key = Ed25519PrivateKey.from_private_bytes(ring.active(KeyUse.NOTE_SIGNING, SIGNING_LABEL).material)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def name(self) -> str:
        return self._name

    @property
    def public_key(self) -> bytes:
        return self._public

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def public_keys(ring: KeyRing) -> tuple[bytes, ...]:
    """The public keys (32 raw bytes) of all keys that signed, sign, or wait to sign next, newest first; checkpoints
    outlive them."""
    seeds = [key.material for key in ring.published(KeyUse.NOTE_SIGNING) if key.facts.label == SIGNING_LABEL]
    return tuple(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() for seed in seeds)
