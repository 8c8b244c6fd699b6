"""Ports of the store about deliveries: those who attempt them, and those who look at them and repair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.model import (
    Attempt,
    AuditEntry,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Fault,
    Finding,
    FormatName,
    Kind,
    Page,
    PartnerKey,
    Record,
    Settlement,
)
from gateway.core.ports.listing import Listing

FormatOf = Callable[[PartnerKey, Kind], FormatName | None]
"""How a partner gets records of a kind now; None: nobody knows."""


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    partner: PartnerKey | None = None
    sender: PartnerKey | None = None
    state: DeliveryState | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: Kind | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Dead letters with one cause."""

    cause: str
    fault: Fault | None
    partner: PartnerKey
    kind: Kind
    count: int
    first: datetime
    last: datetime
    sample: DeliveryId


@dataclass(frozen=True, slots=True)
class PartnerQueue:
    """What is owed to one partner, counted in the store (the truth), not in the broker."""

    partner: PartnerKey
    pending: int
    claimed: int
    waiting: int
    dead: int
    held: int
    gathering: int
    """Records that wait to be put into a batch."""
    oldest: datetime | None
    """When the oldest pending or gathering one was created."""


class Deliveries(Protocol):
    """The dispatcher's and the relay's side."""

    async def due(self, now: datetime, again_at: datetime, limit: int) -> tuple[tuple[PartnerKey, DeliveryId], ...]:
        """Pending deliveries whose ``due_at`` and ``announce_at`` have come; sets their ``announce_at`` to
        ``again_at``, so that a lost announcement is repeated, and later the longer they have been due: what a partner
        does not take must not be announced without end. Oldest first."""
        ...

    async def owing(self) -> tuple[PartnerKey, ...]:
        """Partners with a pending delivery, due or not."""
        ...

    async def waiting(self, partner: PartnerKey, now: datetime, limit: int, skip: int) -> tuple[DeliveryId, ...]:
        """Pending deliveries of the partner that could be claimed now, oldest first, without the first ``skip``;
        at most ``limit``. Changes nothing."""
        ...

    async def sizes(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, int]:
        """How many records each of those holds that are pending."""
        ...

    async def claim(self, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime) -> tuple[Claimed, ...]:
        """Lease those of ``ids`` that are pending, due and (for lanes) first in their lane. In the order of ``ids``."""
        ...

    async def settle(self, settlements: Sequence[Settlement], entries: Sequence[AuditEntry]) -> tuple[DeliveryId, ...]:
        """Write outcomes and attempts of deliveries that their owner still holds; returns those. Entries whose object
        is ``delivery:<id>`` of a delivery that was not held any more are not written."""
        ...

    async def defer(self, ids: Sequence[DeliveryId], until: datetime) -> None:
        """Do not announce these before ``until`` (breaker open, partner paused). State stays pending."""
        ...

    async def renew(self, ids: Sequence[DeliveryId], owner: str, until: datetime) -> tuple[DeliveryId, ...]:
        """Lengthen the leases of those that ``owner`` still holds; returns these."""
        ...

    async def release_expired(self, now: datetime) -> int:
        """Claimed deliveries whose lease ended are pending again; those without a digest with the cause
        ``process-died``: their partner may have what nobody has written down. Returns how many."""
        ...

    async def gather(
        self,
        partner: PartnerKey,
        sender: PartnerKey,
        kind: Kind,
        delivery: Delivery,
        limit: int,
        entries: Sequence[AuditEntry],
        *,
        by_case: bool = False,
    ) -> int:
        """Put at most ``limit`` waiting items, oldest first, into the new ``delivery`` (its ``records`` and ``number``
        are set here). 0: none waited and no delivery was made. ``by_case``: nothing that would overtake an earlier
        record of its case in a delivery that is not done."""
        ...

    async def gathering(self, by_case: Collection[PartnerKey] = ()) -> tuple[Gathering, ...]:
        """What waits to be batched, by partner, sender and kind. ``by_case``: partners of whom only what would overtake
        nothing counts."""
        ...


@dataclass(frozen=True, slots=True)
class Gathering:
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    agreement: str
    count: int
    oldest: datetime


class DeliveryDesk(Protocol):
    """The operator's side: look, retry, withdraw."""

    async def get(self, delivery: DeliveryId) -> Delivery | None: ...

    async def attempts(self, delivery: DeliveryId) -> tuple[Attempt, ...]: ...

    async def carried(self, delivery: DeliveryId, limit: int) -> tuple[Record, ...]:
        """The first records that it carries, with their bodies."""
        ...

    async def findings(self, delivery: DeliveryId) -> tuple[Finding, ...]:
        """What its payload could not carry, as found when it was first composed; never a value."""
        ...

    async def list(self, query: DeliveryQuery, page: Page) -> Listing[Delivery]:
        """Newest first."""
        ...

    async def groups(self) -> tuple[CauseGroup, ...]:
        """Dead letters by fault, cause, partner and kind; biggest first."""
        ...

    async def queues(self) -> tuple[PartnerQueue, ...]: ...

    async def retry(
        self, delivery: DeliveryId, now: datetime, entry: AuditEntry, format_of: FormatOf | None = None
    ) -> bool:
        """Dead, held or withheld -> pending, due now, attempts counted from zero. One that was never written is written
        as ``format_of`` says."""
        ...

    async def withdraw(self, delivery: DeliveryId, now: datetime, entry: AuditEntry) -> bool:
        """Any state but delivered, claimed and withdrawn -> withdrawn."""
        ...

    async def acknowledge(
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        *,
        accepted: bool,
        reason: str,
        now: datetime,
        entry: AuditEntry,
    ) -> bool:
        """The partner's word on a waiting or delivered delivery: accepted -> delivered; else -> dead, fault record."""
        ...
