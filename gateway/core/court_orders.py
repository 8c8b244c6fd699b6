"""Orders of courts in memory: one release each, of one answer to one request about one protected person, to one
recipient (V02).

Source: 42 USC 653(b)(2), 654(26)(E); a court gets what is kept from everybody else, and decides whom it tells.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.core.disclosure import Override, Way
from gateway.core.errors import Unprocessable
from gateway.core.model import DeliveryState, PartnerKey, RecordId
from gateway.core.people import INDEX_BYTES

LONGEST = timedelta(days=366)
"""How long after its day an order may still be used. The figure is ours: no source names one."""
_COURT = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{1,39}")


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the paper says: the id of the court, the day of the order, the last day on which it may be used."""

    court: str
    ordered_on: date
    expires_on: date

    def check(self, today: date) -> None:
        """Raises Unprocessable (``override-terms``) for an order that cannot be used, and for a court that is no id:
        names and sentences have no place in a term that goes into the audit log."""
        if _COURT.fullmatch(self.court) is None:
            raise _unfit("The court is named by its id: 2 to 40 letters, digits, dots, strokes or hyphens.")
        if self.ordered_on > today:
            raise _unfit("The day of the order is yet to come.")
        if self.expires_on < today:
            raise _unfit("The order has expired.")
        if self.expires_on - self.ordered_on > LONGEST:
            raise _unfit(f"An order may be used for {LONGEST.days} days from its day on.")


def _unfit(detail: str) -> Unprocessable:
    return Unprocessable(detail, code="override-terms")


class CourtOrders:
    """The orders that the store has. There are few, and mostly none."""

    def __init__(self) -> None:
        self._orders: dict[str, Override] = {}

    def __bool__(self) -> bool:
        return bool(self._orders)

    def learn(self, orders: Iterable[Override]) -> None:
        """Take up what is new, was used, or is under another index key."""
        self._orders.update({one.id: one for one in orders})

    def about(self, held: frozenset[bytes], record: RecordId) -> tuple[Override, ...]:
        """Those that may be about a record: about one of its protected persons, or naming it; oldest first."""
        return tuple([one for one in self._orders.values() if one.person in held or one.request == record])

    def open(self, day: date) -> tuple[Override, ...]:
        """Those that can still be used on a day."""
        return tuple([one for one in self._orders.values() if one.used is None and in_days(one, day)])

    def used(self, day: date) -> tuple[Override, ...]:
        """Those that were used up and whose last day has not been over for long."""
        every = self._orders.values()
        return tuple([one for one in every if one.used is not None and day - one.expires_on <= LONGEST])


class Standing(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    LEAVING = "leaving"
    """Used up by a delivery that is under way."""
    USED = "used"
    """What it let go has been delivered."""
    UNDELIVERED = "undelivered"
    """Used up by a delivery that came to nothing, or that nobody has: it may be sent again until the last day."""
    WITHDRAWN = "withdrawn"
    """Used up by a delivery that a person gave up: nothing arrives by it."""
    EXPIRED = "expired"
    """Its last day is over, and nothing has arrived by it."""


_UNDER_WAY = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.WAITING)


def standing(order: Override, day: date, state: DeliveryState | None) -> Standing:
    """``state``: of the delivery that used it up; None: there is none, or no trace of it is kept."""
    return stands(day, order.expires_on, used=order.used is not None, state=state)


def stands(day: date, last: date, *, used: bool, state: DeliveryState | None) -> Standing:
    """The same of the figures alone."""
    if not used:
        return Standing.OPEN if day <= last else Standing.EXPIRED
    if state in _UNDER_WAY:
        return Standing.LEAVING
    if state in (DeliveryState.DELIVERED, None):
        return Standing.USED
    if state is DeliveryState.WITHDRAWN:
        return Standing.WITHDRAWN
    return Standing.UNDELIVERED if day <= last else Standing.EXPIRED


@dataclass(frozen=True, slots=True)
class Stood:
    """An order and where it stands."""

    order: Override
    standing: Standing


def in_days(order: Override, day: date) -> bool:
    return order.ordered_on <= day <= order.expires_on


def unnumbered(record: RecordId, group: str) -> bytes:
    """What stands for a protected person without a number: a digest of the record and of the group of elements that
    says so. Such a person is known in that one record only, so an order about it names the record."""
    return hashlib.sha256(f"unnumbered:{record}:{group}".encode()).digest()[:INDEX_BYTES]


def unnumbered_of(record: RecordId, groups: Iterable[str]) -> frozenset[bytes]:
    """The same for each of the groups."""
    return frozenset([unnumbered(record, group) for group in groups])


@dataclass(frozen=True, slots=True)
class Search:
    """What an order must be about to let one record go one way."""

    requests: Collection[RecordId]
    """The request that the record answers, and the record itself."""
    recipient: PartnerKey
    day: date
    way: Way | None = None
    """None: it is not leaving yet."""


def fitting(orders: Collection[Override], protected: frozenset[bytes], search: Search) -> tuple[Override, ...]:
    """One order for each protected person: that which this very delivery of the record used up, for its next attempt,
    else the oldest one that nobody has used. None at all when one of them has none."""
    found = [_first(orders, person, search) for person in sorted(protected)]
    return tuple([one for one in found if one is not None]) if all(found) else ()


def _first(orders: Iterable[Override], person: bytes, search: Search) -> Override | None:
    good = [one for one in orders if one.person == person and _good(one, search)]
    return next((one for one in good if one.used is not None), next(iter(good), None))


def _good(order: Override, search: Search) -> bool:
    return (
        order.used in (None, search.way)
        and order.request in search.requests
        and order.recipient == search.recipient
        and in_days(order, search.day)
    )
