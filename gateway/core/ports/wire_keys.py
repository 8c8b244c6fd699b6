"""Ports of the register of wire keys, and of the protected payloads that are kept until they are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, DeliveryId, Digest
from gateway.core.protection import WireKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A wire key with its private side sealed; None for a partner's key, and once ours is retired."""

    key: WireKey
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The proof of possession that is waited for: SHA-256 of what only the holder of the private key can tell."""

    digest: bytes = field(repr=False)
    until: datetime


class WireKeys(Protocol):
    """Every key that a partner or the gateway ever had. A change makes the version of the directory grow, so that all
    processes take it up."""

    async def all(self) -> tuple[StoredKey, ...]: ...

    async def add(self, keys: Sequence[StoredKey], entries: Sequence[AuditEntry]) -> int:
        """Add those that are not there yet (by owner and id), with the entries about them; returns how many. Raises
        Conflict (``wire-key-overlap``) when more than :data:`gateway.core.protection.OVERLAP` of one owner, use and
        algorithm would live; then nothing is added."""
        ...

    async def ask(self, owner: str, id_: str, test: Challenge, entry: AuditEntry) -> bool:
        """Wait for this proof, and for no earlier one. False when the key is not pending."""
        ...

    async def asked(self, owner: str, id_: str) -> Challenge | None: ...

    async def confirm(self, owner: str, id_: str, at: datetime, entry: AuditEntry) -> bool:
        """pending -> valid. False when it is not pending."""
        ...

    async def retire(self, owner: str, id_: str, at: datetime, entry: AuditEntry) -> bool:
        """pending or valid -> retired; the private side is destroyed. False when it is retired or not there."""
        ...


@dataclass(frozen=True, slots=True)
class Payload:
    """The protected payload of a delivery as it was made first."""

    delivery: DeliveryId
    key: str
    """The partner's key that it is encrypted to."""
    inner: Digest
    """Of the bytes inside."""
    digest: Digest
    size: int
    media_type: str
    extension: str
    sealed: bytes | None = field(repr=False)
    """None once it was taken, or what it carries was erased."""


class Payloads(Protocol):
    """One payload a delivery, kept while attempts may follow: encryption never gives the same bytes twice."""

    async def kept(self, delivery: DeliveryId) -> Payload | None: ...

    async def keep(self, payload: Payload, instead: Digest | None = None) -> Payload:
        """Keep it if there is none, or if the one that is there has the digest ``instead``. A digest that the row of
        the delivery has becomes that of this payload. Returns the one that is kept."""
        ...

    async def forget(self) -> int:
        """Drop the bytes of deliveries that were taken or withdrawn; returns of how many."""
        ...
