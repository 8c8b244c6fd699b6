"""Ports of retention: what is due, erasing it, holds, extracts and the accounting of disclosures.

As :mod:`gateway.core.ports` says: one method is one transaction, and audit entries are written in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.accounting import Disclosure
from gateway.core.erasure import Erasure, Run
from gateway.core.extract import Extract
from gateway.core.model import Actor, AuditEntry, DeliveryId, RecordId
from gateway.core.retention import Candidate, Hold, HoldScope, Schedule


@dataclass(frozen=True, slots=True)
class Found:
    """A stored record that is not erased yet, and the deliveries of it that have not ended."""

    candidate: Candidate
    open: tuple[DeliveryId, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Which records are looked at."""

    after: RecordId | None
    """Those with greater ids."""
    received_until: datetime
    purposes: frozenset[str] | None = None
    """Only those that name one of these themselves, and those that left by order of a court; None: all."""


class Retention(Protocol):
    async def candidates(self, span: Span, closing: frozenset[str], limit: int) -> tuple[Found, ...]:
        """Records of the span that are not erased, by id. ``closing``: the transactions that close a case."""
        ...

    async def erase(
        self, run: Run, erasures: Sequence[Erasure], withdrawn: Sequence[DeliveryId], entries: Sequence[AuditEntry]
    ) -> tuple[RecordId, ...]:
        """Destroy bodies with their data keys and all that was derived from them, and write down how far the run is.

        Returns the records that were erased: not those that somebody erased before, nor those of which a delivery is
        being handed over at this moment, nor those that came into a delivery that is not in ``withdrawn``, nor those
        that a hold came to cover. Deliveries in ``withdrawn`` that have not ended go no further. Entries on records and
        deliveries that did not change are not written."""
        ...

    async def erased(self, record: RecordId) -> Erasure | None: ...

    async def begin(self, run: Run, entry: AuditEntry) -> Run:
        """The run that was cut off, to go on with; else this one, written down. A run of all goes on with any, and
        makes it one of all; another one leaves runs of all alone: it could not end them."""
        ...

    async def end(self, run: Run, entry: AuditEntry) -> None:
        """Write down when it ended, with its certificate."""
        ...

    async def runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        ...

    async def of_run(self, run: str, after: RecordId | None, limit: int) -> tuple[Erasure, ...]:
        """What the run erased, by record."""
        ...

    async def vacuum(self) -> None:
        """Rewrite the database without what it holds of deleted bytes; others who write wait meanwhile."""
        ...

    async def settle(self) -> None:
        """Have the database give up what it still holds of deleted bytes, as far as it can while it serves."""
        ...


class Pruning(Protocol):
    """The end of the audit log's own entries. Their hashes stay in the tiles."""

    async def held_since(self) -> datetime | None:
        """When the oldest record came that a hold covers; None without one. Nothing since then is pruned."""
        ...

    async def prune(self, before: datetime, most: int, entry: Callable[[int, int], AuditEntry]) -> int:
        """Delete at most ``most`` bundles from the beginning of the log, of which every entry is older, and write what
        ``entry`` makes of the first number and the one after the last. Returns how many entries went."""
        ...


class Holds(Protocol):
    async def add(self, hold: Hold, entry: AuditEntry) -> Hold:
        """The hold that is in force: this one, or that of the same person on the same for the same reason that was
        there before; then nothing is written."""
        ...

    async def release(self, hold: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        """False when there is none, or it was released before."""
        ...

    async def list(self, *, released: bool = False) -> tuple[Hold, ...]:
        """Those in force, newest first; with ``released`` all that ever were."""
        ...


class Extracts(Protocol):
    async def add(self, extract: Extract, entry: AuditEntry) -> None: ...

    async def erased(self, extract: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        """False when there is none, or it was erased before."""
        ...

    async def list(self, *, erased: bool = False) -> tuple[Extract, ...]:
        """Those that still exist, the first to go first; with ``erased`` all."""
        ...

    async def overdue(self, now: datetime) -> int: ...


class Accounting(Protocol):
    async def of_case(self, tokens: Sequence[bytes], since: datetime) -> tuple[Disclosure, ...]:
        """Everything of a case that went to anybody since then, oldest first; also of records that were erased
        meanwhile. ``tokens``: its blind indexes, under each key that there is."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget what is older. Returns how many rows."""
        ...


class RetentionDesk(Protocol):
    """What people do about retention: the same in console, API and command line, with the same audit entries."""

    @property
    def schedule(self) -> Schedule: ...

    async def erased(self, record: RecordId) -> Erasure | None: ...

    async def runs(self, limit: int) -> tuple[Run, ...]: ...

    async def holds(self, *, released: bool = False) -> tuple[Hold, ...]: ...

    async def hold(self, actor: Actor, scope: HoldScope, what: str, reason: str) -> Hold:
        """Raises Unprocessable for an unfit reason, and NotFound when there is no such record, case or partner."""
        ...

    async def release(self, actor: Actor, hold: str, reason: str) -> None:
        """Raises Unprocessable for an unfit reason, and NotFound when it is not in force."""
        ...

    async def extracts(self, *, erased: bool = False) -> tuple[Extract, ...]: ...

    async def register(self, actor: Actor, what: str, about: str, purpose: str) -> Extract:
        """Write down that a copy leaves; before it does. Raises Unprocessable for an unfit purpose."""
        ...

    async def confirm_erased(self, actor: Actor, extract: str) -> None:
        """Raises NotFound when there is none, or it was confirmed before."""
        ...

    async def overdue(self) -> int:
        """Extracts that should be gone."""
        ...
