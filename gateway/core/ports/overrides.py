"""Ports of orders of courts: what lets one answer about a protected person go, once.

As :mod:`gateway.core.ports` says: one method is one transaction, and audit entries are written in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.core.disclosure import Override, Way
from gateway.core.four_eyes import Request
from gateway.core.model import Actor, AuditEntry, DeliveryId, Record, RecordId
from gateway.core.ports.approvals import Spent
from gateway.core.why import Why


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept back from everybody because of one person."""

    records: tuple[RecordId, ...]
    """Withheld when they were judged."""
    deliveries: tuple[DeliveryId, ...]
    """Kept when they were about to leave."""


class Overrides(Protocol):
    """The orders. Each change of them makes the revision of the register of protected persons grow, so that a claim of
    a delivery says whether what a process has in memory is new enough."""

    async def enter(self, order: Override, approval: str, spent: Spent, entries: Sequence[AuditEntry]) -> bool:
        """Spend the permission and write the order, both or none. False: there is no such permission any more."""
        ...

    async def spend(self, order: Override, way: Way, at: datetime, entry: AuditEntry) -> bool:
        """Use the order up for one record of one delivery that is claimed or lies ready. True also for the very same
        record and delivery once more, without another entry; of two others the first wins. False after the last day
        and before the first, and when the delivery is no longer under way."""
        ...

    async def since(self, revision: int) -> tuple[Override, ...]:
        """Orders that were entered or used after a revision of the register, oldest first."""
        ...

    async def get(self, order: str) -> Override | None: ...

    async def list(self, limit: int) -> tuple[Override, ...]:
        """Newest first."""
        ...

    async def used_by(self, delivery: DeliveryId) -> Override | None:
        """The order by which a record of the delivery left, or is about to."""
        ...

    async def used_for(self, record: RecordId) -> Override | None:
        """The order by which the record left, or is about to."""
        ...

    async def kept(self, person: bytes) -> Kept:
        """What is kept back because of danger and names the person, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A protected person in a record, without anything of the person: where the number stands."""

    number: int
    """Counted from 1, in the order of the record."""
    path: str
    """Path of the element."""


class CourtDesk(Protocol):
    """For those who enter orders and look at them: the console and the command line."""

    async def protected(self, record: Record) -> tuple[Place, ...]:
        """Where the protected persons of the record stand; none when its body is gone. It is opened only when a notice
        of danger is held about somebody in it."""
        ...

    async def terms(self, record: Record, number: int | None = None) -> dict[str, str | int]:
        """What names record and person in the terms of a request: id, digest of the blind index, place. ``None``: the
        only protected person. Raises Unprocessable (``override-person``) unless that is one protected person,
        Conflict (``override-record``) when the record's body is gone."""
        ...

    async def enter(self, request: Request, by: Actor) -> Override:
        """The order that two people agreed on. Raises Conflict (``approval-needed``) without their permission,
        (``override-record``) when the record is gone, Unprocessable (``override-terms``) when it has expired."""
        ...

    async def list(self, limit: int) -> tuple[Override, ...]: ...

    async def get(self, order: str) -> Override | None: ...

    async def of_delivery(self, delivery: DeliveryId) -> Why | None:
        """By which order it left, in words."""
        ...

    async def of_record(self, record: RecordId) -> Why | None:
        """By which order it left, in words."""
        ...

    def today(self) -> date: ...
