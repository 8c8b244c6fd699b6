"""When records that are owed become a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class BatchMode(StrEnum):
    IMMEDIATE = "immediate"
    COUNT = "count"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Batching:
    """When owed records become a delivery.

    immediate: each record at once. count: when ``count`` are waiting or the oldest is ``age`` old. window: at the times
    of ``cron`` in ``timezone`` (skipping federal holidays when ``working_days``). A delivery never exceeds ``limit``.
    """

    mode: BatchMode = BatchMode.IMMEDIATE
    count: int = 1
    age: timedelta = timedelta(minutes=5)
    cron: str | None = None
    timezone: str = "America/New_York"
    working_days: bool = False
    limit: int = 10_000


AT_ONCE = Batching()
