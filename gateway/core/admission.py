"""Whether new submissions are let in: what was measured against what may be, with hysteresis. Pure.

A gateway that takes more than it can carry answers nobody in time, forgets nothing and helps nobody: it says no early,
with a time to come again. Acknowledgements, mailboxes and operators are never turned away here: they make room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.breaker import BreakerState
from gateway.core.model import Ordering, PartnerKey
from gateway.core.routing import Directory


class Gauge(StrEnum):
    """What is measured. Seconds, but for memory (bytes)."""

    UNDELIVERED = "undelivered"
    UNJUDGED = "unjudged"
    COMMIT = "commit"
    STORE = "store"
    MEMORY = "memory"


WHY: Mapping[Gauge, str] = {
    Gauge.UNDELIVERED: "Deliveries that could go have waited too long.",
    Gauge.UNJUDGED: "Submissions that were taken have waited too long to be judged.",
    Gauge.COMMIT: "The database takes too long to commit.",
    Gauge.STORE: "The database does not answer.",
    Gauge.MEMORY: "The process is short of memory.",
}
"""What a refused caller is told; nothing of anybody's records."""

RETRY_AFTER: Mapping[Gauge, timedelta] = {
    Gauge.UNDELIVERED: timedelta(seconds=60),
    Gauge.UNJUDGED: timedelta(seconds=60),
    Gauge.COMMIT: timedelta(seconds=5),
    Gauge.STORE: timedelta(seconds=10),
    Gauge.MEMORY: timedelta(seconds=10),
}
"""How soon the cause may be gone: queues drain in minutes, a commit in seconds."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The door closes at ``closes`` and opens again below ``opens``, so that it does not flutter."""

    closes: float
    opens: float

    def __post_init__(self) -> None:
        if not 0 < self.opens <= self.closes:
            raise ValueError("a door opens below the figure at which it closes")


Bounds = Mapping[Gauge, Bound]
"""A gauge without a bound closes nothing."""


def closed_by(before: frozenset[Gauge], measured: Mapping[Gauge, float], bounds: Bounds) -> frozenset[Gauge]:
    """The gauges that keep the door closed now. One that could not be measured stays as it was."""
    found = set()
    for gauge, bound in bounds.items():
        figure = measured.get(gauge)
        if figure is None:
            stays = gauge in before
        else:
            stays = figure >= bound.closes or (gauge in before and figure >= bound.opens)
        if stays:
            found.add(gauge)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Owed:
    """What the store says about one partner with pending deliveries."""

    partner: PartnerKey
    oldest_due: datetime
    """When the oldest pending one was due."""
    claimed: int
    """How many are being attempted."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the store."""

    unjudged_since: datetime | None
    """When the oldest submission was received that nobody has begun to judge."""
    owed: tuple[Owed, ...]
    """Every partner with pending deliveries outside of lanes."""


def undelivered(owed: Iterable[Owed], directory: Directory, breakers: Mapping[PartnerKey, str], now: datetime) -> float:
    """Seconds that the oldest delivery has waited that nothing on its partner's side holds back.

    Left out are partners that are paused, whose breaker is not closed, who asked for a rate or an order, and whose
    slots are all in use: they are as fast as they take, and a slow partner must not close the gateway to all others.
    """
    longest = 0.0
    for one in owed:
        partner = directory.partners.get(one.partner)
        if partner is None or partner.paused or partner.rate_per_second is not None:
            continue
        if partner.ordering is not Ordering.NONE or one.claimed >= partner.concurrency:
            continue
        if breakers.get(one.partner, BreakerState.CLOSED) != BreakerState.CLOSED:
            continue
        longest = max(longest, (now - one.oldest_due).total_seconds())
    return longest
