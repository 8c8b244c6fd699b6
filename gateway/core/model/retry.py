"""How often a partner is tried, and when it is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Waits between attempts; after the last one the delivery is dead. Jitter is a share of each wait (0 to 0.5)."""

    waits: tuple[timedelta, ...]
    jitter: float = 0.2
    longest_retry_after: timedelta = timedelta(hours=6)


NO_RETRIES = RetrySchedule(waits=())


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    failures: int = 5
    """Consecutive transient failures that open the breaker."""
    rest: timedelta = timedelta(seconds=30)
    """How long it stays open before one probe; doubles up to ``longest_rest`` while probes fail."""
    longest_rest: timedelta = timedelta(minutes=30)


USUAL_BREAKER = BreakerPolicy()
