"""Ports of orders of courts: what lets one answer about a protected person go, once.

As :mod:`gateway.core.ports` says: one method is one transaction, and audit entries are written in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.core.court_orders import Standing, Stood
from gateway.core.disclosure import Override, Way
from gateway.core.four_eyes import Request
from gateway.core.model import Actor, AuditEntry, DeliveryId, DeliveryState, PartnerKey, Record, RecordId
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

    async def spend(self, orders: Sequence[Override], way: Way, at: datetime, entries: Sequence[AuditEntry]) -> bool:
        """Use the orders up for one record of one delivery that is claimed or lies ready: all of them or none. True
        also for the very same record and delivery once more, without another entry (``entries``: one for each order);
        of two others the first wins. False after the last day of one and before its first, and when the delivery is no
        longer under way."""
        ...

    async def tell_undelivered(self, told: Callable[[Override, DeliveryState], AuditEntry]) -> tuple[Override, ...]:
        """Write, once for each order, that the delivery that used it up came to nothing. Returns those that are new.
        ``told``: the entry, whose details name the order; by them it is known to be told."""
        ...

    async def since(self, revision: int) -> tuple[Override, ...]:
        """Orders that were entered or used after a revision of the register, oldest first."""
        ...

    async def get(self, order: str) -> Override | None: ...

    async def list(self, limit: int) -> tuple[Override, ...]:
        """Newest first."""
        ...

    async def states(self, deliveries: Collection[DeliveryId]) -> Mapping[DeliveryId, DeliveryState]:
        """How the deliveries stand that used orders up; those that there are not are left out."""
        ...

    async def counts(self, day: date) -> Mapping[Standing, int]:
        """How many orders stand where on a day; every standing named."""
        ...

    async def used_by(self, delivery: DeliveryId) -> tuple[Override, ...]:
        """The orders by which records of the delivery left, or are about to."""
        ...

    async def used_for(self, record: RecordId) -> tuple[Override, ...]:
        """The orders by which the record left, or is about to."""
        ...

    async def kept(self, order: Override) -> Kept:
        """What is kept back because of danger and names the person of the order, or is the record that the order is
        about; oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A protected person in a record, without anything of the person: where the number stands."""

    number: int
    """Counted from 1, in the order of the record."""
    path: str
    """Path of the element; of somebody without a number, of the group that says that there is danger."""
    numbered: bool = True


class CourtDesk(Protocol):
    """For those who enter orders and look at them: the console and the command line."""

    async def protected(self, record: Record) -> tuple[Place, ...]:
        """Where the protected persons of the record stand; none when its body is gone. It is opened only when a notice
        of danger is held about somebody in it."""
        ...

    async def named(self, record: RecordId) -> Record:
        """The record that an order is to be about. Raises NotFound; Conflict (``override-query``) for a query that was
        answered while its caller waited."""
        ...

    async def terms(
        self, record: Record, number: int | None = None, recipient: PartnerKey | None = None
    ) -> dict[str, str | int]:
        """What names record, person and recipient in the terms of a request: id, digest of the blind index, place,
        partner. ``None``: the only protected person; whoever asked. Raises Unprocessable (``override-person``) unless
        that is one protected person, (``override-recipient``) when it is not known who asked and nobody is named, or
        somebody else is; Conflict (``override-record``) when the record's body is gone."""
        ...

    async def enter(self, request: Request, by: Actor) -> Override:
        """The order that two people agreed on. Raises Conflict (``approval-needed``) without their permission,
        (``override-record``) when the record is gone, Unprocessable (``override-terms``) when it has expired."""
        ...

    async def list(self, limit: int) -> tuple[Stood, ...]:
        """Newest first, each with where it stands today."""
        ...

    async def get(self, order: str) -> Stood | None: ...

    async def counts(self) -> Mapping[Standing, int]:
        """How many stand where today."""
        ...

    async def of_delivery(self, delivery: DeliveryId) -> Why | None:
        """By which order it left, in words."""
        ...

    async def of_record(self, record: RecordId) -> Why | None:
        """By which order it left, in words."""
        ...

    def today(self) -> date: ...
