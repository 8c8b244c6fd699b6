"""The circuit breaker of one partner, as a value: an outage must not burn the attempts of a thousand records.

closed --failures reach the limit--> open --rest is over--> half-open --probe succeeds--> closed
                                      ^                        |
                                      +----- probe fails ------+   (and rests twice as long, up to a limit)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.model import BreakerPolicy


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """``generation`` grows with each opening: the result of an attempt from before it is stale and changes nothing."""

    policy: BreakerPolicy
    since: datetime
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    rest: timedelta = timedelta()
    probe_at: datetime | None = None
    generation: int = 0

    def at(self, now: datetime) -> Breaker:
        """The breaker as of now: an open one whose rest is over is half-open. A clock that was set back makes nobody
        wait longer than the rest."""
        if self.state is BreakerState.OPEN and self.probe_at is not None and not self.since <= now < self.probe_at:
            return replace(self, state=BreakerState.HALF_OPEN, since=now)
        return self

    @property
    def permits(self) -> int | None:
        """How many attempts may run at once: None is no limit, 1 a probe, 0 none."""
        return {BreakerState.CLOSED: None, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 0}[self.state]

    def succeeded(self, now: datetime, generation: int) -> Breaker:
        """After an attempt of ``generation`` reached the partner (an answer that refuses the content counts, too)."""
        if generation != self.generation or self.state is BreakerState.OPEN:
            return self
        if self.state is BreakerState.CLOSED and self.failures == 0:
            return self
        return replace(self, state=BreakerState.CLOSED, failures=0, rest=timedelta(), probe_at=None, since=now)

    def failed(self, now: datetime, generation: int) -> Breaker:
        """After a transient failure of an attempt of ``generation``."""
        if generation != self.generation or self.state is BreakerState.OPEN:
            return self
        failures = self.failures + 1
        if self.state is BreakerState.CLOSED and failures < self.policy.failures:
            return replace(self, failures=failures)
        rest = min(self.rest * 2, self.policy.longest_rest) if self.rest else self.policy.rest
        return replace(
            self,
            state=BreakerState.OPEN,
            failures=failures,
            rest=rest,
            probe_at=now + rest,
            since=now,
            generation=self.generation + 1,
        )
