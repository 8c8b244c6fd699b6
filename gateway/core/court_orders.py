"""Orders of courts in memory: one release each, of one answer to one request about one protected person (V02).

Source: 42 USC 653(b)(2), 654(26)(E); a court gets what is kept from everybody else, and decides whom it tells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.core.disclosure import Override, Way
from gateway.core.errors import Unprocessable
from gateway.core.model import RecordId

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

    def about(self, held: frozenset[bytes]) -> tuple[Override, ...]:
        """Those about the one protected person of a record; none where there are two, oldest first."""
        return tuple([one for one in self._orders.values() if held == {one.person}])

    def open(self, day: date) -> tuple[Override, ...]:
        """Those that can still be used on a day."""
        every = self._orders.values()
        return tuple([one for one in every if one.used is None and one.ordered_on <= day <= one.expires_on])


def standing(order: Override, day: date) -> str:
    """Where an order stands on a day: ``used``, ``open`` or ``expired``."""
    if order.used is not None:
        return "used"
    return "open" if day <= order.expires_on else "expired"


def fitting(orders: Iterable[Override], requests: Collection[RecordId | None], day: date) -> Override | None:
    """The first order about one of the requests that nobody has used and that is in its days."""
    return next(
        (
            one
            for one in orders
            if one.used is None and one.request in requests and one.ordered_on <= day <= one.expires_on
        ),
        None,
    )


def spent_on(orders: Iterable[Override], way: Way) -> Override | None:
    """The order that was used up by this very delivery of this very record: its next attempt may use it, too."""
    return next((one for one in orders if one.used == way), None)
