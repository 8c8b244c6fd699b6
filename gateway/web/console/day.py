"""Counts of the last day, shared by all pages of a process.

A day may have brought millions, and every open overview asks every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from gateway.core.ids import Clock
from gateway.core.ports.health import Health
from gateway.core.seldom import Seldom

DAY = timedelta(hours=24)


class DayCounts:
    """Counts at most once at a time, and the more rarely the longer it takes."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health, self._clock = health, clock
        self._seldom, self._lock = Seldom(), asyncio.Lock()
        self._counts: Mapping[str, int] | None = None

    async def now(self) -> Mapping[str, int]:
        """As :meth:`gateway.core.ports.health.Health.counts`; a minute old at most. Raises Unavailable."""
        async with self._lock:
            begun = self._clock()
            if self._counts is None or not self._seldom.rests(begun):
                self._counts = await self._health.counts(begun - DAY)
                self._seldom.looked(begun, self._clock())
            return self._counts
