"""Keyed one-way tokens: blind indexes for exact search, and the stored digests of API keys."""

from __future__ import annotations

import hmac

from keys.ring import KeyRing
from keys.states import KeyUse

INDEX_LABEL = "search"
TOKEN_LABEL = "api-keys"  # noqa: S105  # the label of a key, not a secret
INDEX_BYTES = 16


class BlindIndexer:
    """The Indexer: HMAC-SHA-256 over length of domain (2 bytes), domain, value; the first 16 bytes."""

    def __init__(self, ring: KeyRing) -> None:
        """Raises Misconfigured when the ring has no active index key."""
        self._keyed = _keyed(ring.active(KeyUse.INDEX, INDEX_LABEL).material)

    @classmethod
    def from_snapshot(cls, snapshot: KeyRing) -> BlindIndexer:
        return cls(snapshot)

    def index(self, domain: str, value: str) -> bytes:
        encoded = domain.encode()
        message = len(encoded).to_bytes(2, "big") + encoded + value.encode()
        return _digest(self._keyed, message)[:INDEX_BYTES]


class PepperHasher:
    """The TokenHasher: HMAC-SHA-256 under a pepper, 32 bytes. API keys are random, so no slow hash is needed."""

    def __init__(self, ring: KeyRing) -> None:
        """Raises Misconfigured when the ring has no active pepper."""
        self._keyed = _keyed(ring.active(KeyUse.TOKEN_PEPPER, TOKEN_LABEL).material)

    def digest(self, token: str) -> bytes:
        return _digest(self._keyed, token.encode())


def _keyed(key: bytes) -> hmac.HMAC:
    """The key made ready once: preparing it costs as much as the digest."""
    return hmac.new(key, digestmod="sha256")


def _digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    taken = keyed.copy()
    taken.update(message)
    return taken.digest()
