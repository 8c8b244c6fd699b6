"""Keyed one-way tokens: blind indexes for exact search, and the stored digests of API keys."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from gateway.core.errors import Unavailable
from keys.ring import KeyRing
from keys.states import KeyUse

INDEX_LABEL = "search"
TOKEN_LABEL = "api-keys"  # noqa: S105  # the label of a key, not a secret
INDEX_BYTES = 16


class BlindIndexer:
    """The Indexer: HMAC-SHA-256 over length of domain (2 bytes), domain, value; the first 16 bytes."""

    def __init__(self, ring: KeyRing, reread: Callable[[], KeyRing] | None = None) -> None:
        """Raises Misconfigured when the ring has no active index key."""
        self._reread = reread
        self._adopt(ring)

    @classmethod
    def from_snapshot(cls, snapshot: KeyRing) -> BlindIndexer:
        return cls(snapshot)

    @property
    def keys(self) -> str:
        return self._keys

    def index(self, domain: str, value: str) -> bytes:
        return _digest(self._current, _message(domain, value))[:INDEX_BYTES]

    def tokens(self, domain: str, value: str) -> tuple[bytes, ...]:
        message = _message(domain, value)
        return tuple([_digest(keyed, message)[:INDEX_BYTES] for keyed in self._keyed])

    def refresh(self) -> bool:
        """Take up the keys of now; whether there are others."""
        ring = self._ring if self._reread is None else self._reread()
        if ring is self._ring:
            return False
        self._adopt(ring)
        return True

    def _adopt(self, ring: KeyRing) -> None:
        live = ring.live(KeyUse.INDEX)
        self._keyed = tuple(_keyed(key.material) for key in live)
        self._current = self._keyed[0]
        self._keys = " ".join(key.facts.id for key in live)
        self._ring = ring


def _message(domain: str, value: str) -> bytes:
    encoded = domain.encode()
    return len(encoded).to_bytes(2, "big") + encoded + value.encode()


class PepperHasher:
    """The TokenHasher: HMAC-SHA-256 under a pepper, 32 bytes. API keys are random, so no slow hash is needed.
    ``reread`` gives the ring as it is now: another process may have rotated."""

    def __init__(self, ring: KeyRing, reread: Callable[[], KeyRing] | None = None) -> None:
        """Raises Misconfigured when the ring has no active pepper."""
        self._reread = reread
        self._adopt(ring)

    @property
    def current(self) -> str:
        self._refresh()
        return self._current

    def digest(self, token: str, pepper: str | None = None) -> bytes:
        wanted = self._first if pepper is None else pepper
        if wanted not in self._keyed:
            self._refresh()
        keyed = self._keyed.get(wanted)
        if keyed is None:
            raise Unavailable("The pepper of an API key is not at hand.", code="key-unavailable")
        return _digest(keyed, token.encode())

    def _refresh(self) -> None:
        ring = self._ring if self._reread is None else self._reread()
        if ring is not self._ring:
            self._adopt(ring)

    def _adopt(self, ring: KeyRing) -> None:
        self._current = ring.active(KeyUse.TOKEN_PEPPER, TOKEN_LABEL).facts.id
        self._first = ring.first(KeyUse.TOKEN_PEPPER)
        self._keyed = {key.facts.id: _keyed(key.material) for key in ring.opening(KeyUse.TOKEN_PEPPER)}
        self._ring = ring


def _keyed(key: bytes) -> hmac.HMAC:
    """The key made ready once: preparing it costs as much as the digest."""
    return hmac.new(key, digestmod="sha256")


def _digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    taken = keyed.copy()
    taken.update(message)
    return taken.digest()
