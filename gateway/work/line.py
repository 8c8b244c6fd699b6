"""One partner's line: what waits for it, how much goes at once, and whether its breaker lets anything go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.breaker import Breaker, BreakerState
from gateway.core.model import DeliveryId, Partner

log = structlog.get_logger()

BACKLOG = 10_000
"""Ids kept for a partner; more are forgotten here and found in the store when these are done."""

SHORTEST_PAUSE = timedelta(milliseconds=1)
"""A token that lacks less than this by rounding must not leave the line asleep."""

AHEAD = 2
"""Deliveries claimed for each one that may run: the next ones are at hand when a slot gets free."""

HELD = 8 * 2**20
"""Sealed bytes claimed at a time for a partner whose deliveries are big; one delivery always may, whatever its size."""

RECORD = 2**10
"""Sealed bytes of a record, more or less."""


@dataclass(slots=True)
class Line:
    partner: Partner
    breaker: Breaker
    told_at: datetime | None = None
    """When others were told of the breaker last; None: not by this process."""
    short: bool = False
    """More may wait in the store than here."""
    sharers: int = 1
    """Processes among which the partner's rate is divided."""
    running: int = 0
    _held: int = 0
    """Sealed bytes of what runs."""
    _weight: int | None = None
    """Bytes of the heaviest delivery of the last claim; unknown at first, so that one is tried alone."""
    _ids: OrderedDict[DeliveryId, None] = field(default_factory=OrderedDict)
    _tokens: float = 0.0
    _filled_at: datetime | None = None

    def say_breaker(self, before: BreakerState) -> None:
        """A change of the breaker as one line of the log. One that opens is a warning; a probe that fails is none."""
        breaker, key = self.breaker, self.partner.key
        if breaker.state is BreakerState.CLOSED:
            log.info("breaker.changed", partner=key, state=breaker.state)
            return
        rest, hint = breaker.rest.total_seconds(), "its deliveries wait; a probe goes when the seconds are over"
        say = log.warning if before is BreakerState.CLOSED else log.info
        say("breaker.changed", partner=key, state=breaker.state, count=breaker.failures, seconds=rest, hint=hint)

    def add(self, ids: Iterable[DeliveryId]) -> None:
        for id_ in ids:
            if len(self._ids) >= BACKLOG:
                self.short = True
                return
            self._ids[id_] = None

    def take(self, now: datetime) -> list[DeliveryId]:
        """The ids that may be claimed now: bounded by free slots, breaker and rate limit."""
        self.breaker = self.breaker.at(now)
        permitted = self.breaker.permits
        # What is claimed has had its turn by the rate: it must go at once, not all together when slots get free.
        ahead = AHEAD if self.partner.rate_per_second is None else 1
        slots = ahead * self.partner.concurrency if permitted is None else permitted
        free = max(0, slots - self.running)
        wanted = min(free, len(self._ids), self._room(), self._allowance(now))
        return [self._ids.popitem(last=False)[0] for _ in range(wanted)]

    def _room(self) -> int:
        """How many more fit, if they are like the last ones."""
        if self._weight is None:
            return 1
        least = 0 if self.running else 1
        return max(least, (HELD - self._held) // max(1, self._weight))

    def fitting(self, ids: Sequence[DeliveryId], sizes: Mapping[DeliveryId, int]) -> list[DeliveryId]:
        """Those of the ids, from the first on, that may be held together by their numbers of records. The others wait
        on, before all else: the last ones may have been small, and a dozen whole files are no dozen of those."""
        room, fit = HELD - self._held, 0
        for id_ in ids:
            room -= sizes.get(id_, 0) * RECORD
            if room < 0 and (fit or self.running):
                break
            fit += 1
        for id_ in reversed(ids[fit:]):
            self._ids[id_] = None
            self._ids.move_to_end(id_, last=False)
        return list(ids[:fit])

    def begin(self, weights: Sequence[int]) -> None:
        """Count claimed deliveries, by their sealed bytes, as running, and against the rate limit."""
        self.running += len(weights)
        self._held += sum(weights)
        self._weight = max(weights, default=self._weight)
        if self.partner.rate_per_second is not None:
            self._tokens -= len(weights)

    def end(self, weight: int) -> None:
        """A delivery of so many bytes does not run any more."""
        self.running -= 1
        self._held -= weight

    def _allowance(self, now: datetime) -> int:
        rate = self._rate
        if rate is None:
            return len(self._ids)
        passed = (now - self._filled_at).total_seconds() if self._filled_at else 1 / rate
        self._filled_at = now
        self._tokens = min(max(1.0, rate), self._tokens + max(0.0, passed) * rate)
        return int(self._tokens)

    @property
    def _rate(self) -> float | None:
        """Of this process."""
        rate = self.partner.rate_per_second
        return None if rate is None else rate / self.sharers

    def stopped(self, now: datetime) -> datetime | None:
        """Until when nothing may go, because the breaker is open; None when something may."""
        breaker = self.breaker.at(now)
        return breaker.probe_at if breaker.state is BreakerState.OPEN else None

    def empty(self) -> list[DeliveryId]:
        """Forget everything that waits here; the store knows it."""
        self.short = True
        ids = list(self._ids)
        self._ids.clear()
        return ids

    @property
    def waiting(self) -> int:
        return len(self._ids)

    def pause_before_next(self) -> timedelta:
        """How long until the rate limit lets another one go; nothing when it is not what holds the line back."""
        rate = self._rate
        if rate is None or self._tokens >= 1:
            return timedelta()
        return max(SHORTEST_PAUSE, timedelta(seconds=(1 - self._tokens) / rate))
