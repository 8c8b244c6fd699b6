"""When a delivery is tried again: a pure function of the partner's schedule (asserted time by time in a test)."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.core.model import RetrySchedule

DEFAULT_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 86_400)
)
"""About three days in eleven retries: a partner may be away over a weekend."""


def next_attempt(
    schedule: RetrySchedule, attempts: int, at: datetime, roll: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after ``attempts`` failed attempts (1 or more), or None when the schedule is used up.

    ``roll`` in [0, 1) spreads the wait by plus or minus ``schedule.jitter``. A partner's Retry-After is honoured when
    it is longer than our wait, up to ``schedule.longest_retry_after``; it never shortens our wait.
    """
    if attempts > len(schedule.waits):
        return None
    wait = schedule.waits[attempts - 1] * (1 + schedule.jitter * (2 * roll - 1))
    if retry_after is not None:
        wait = max(wait, min(retry_after, schedule.longest_retry_after))
    return at + wait
