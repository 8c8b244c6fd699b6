"""Ports of ``keys``: sealing, blind indexes, secrets of API keys, the signature of checkpoints."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Seals bytes at rest: a fresh data key for each call, wrapped by the active key of the label (docs/seal.md)."""

    def seal(self, label: str, context: str, plain: bytes) -> bytes:
        """``context`` names table, column and row (``records.sealed:<id>``) and is authenticated, not stored."""
        ...

    def open(self, label: str, context: str, sealed: bytes) -> bytes:
        """Raises Tampered when a byte differs or the context is not the one it was sealed for, Unavailable when the
        wrapping key is not at hand."""
        ...

    def label(self, sealed: bytes) -> str:
        """The label that sealed bytes name. Nothing is proved by it: opening proves it. Raises Tampered when the bytes
        are none that were sealed."""
        ...


class Indexer(Protocol):
    """Keyed one-way tokens for exact search on identifying values. While the key is being replaced there is more than
    one; the active one comes first."""

    @property
    def keys(self) -> str:
        """The ids of the keys that rows may be under, the active one first, with blanks between."""
        ...

    def index(self, domain: str, value: str) -> bytes:
        """16 bytes of HMAC-SHA-256 under the active key; ``domain`` keeps equal values of different fields apart."""
        ...

    def tokens(self, domain: str, value: str) -> tuple[bytes, ...]:
        """The same under each of ``keys``."""
        ...

    def refresh(self) -> bool:
        """Take up the keys of now; whether they are others than before."""
        ...


class Signer(Protocol):
    """Ed25519, for checkpoints."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes:
        """32 raw bytes."""
        ...

    def sign(self, message: bytes) -> bytes: ...


class TokenHasher(Protocol):
    """How API keys are stored: HMAC-SHA-256 under a pepper that the database does not hold. A pepper can be
    replaced: each stored digest says which one made it."""

    @property
    def current(self) -> str:
        """The id of the pepper that new digests are made with."""
        ...

    def digest(self, token: str, pepper: str | None = None) -> bytes:
        """``pepper`` None: the first one that this gateway had, for digests from before they named theirs. Raises
        Unavailable (``key-unavailable``) when the pepper is not at hand."""
        ...
