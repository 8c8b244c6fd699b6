"""Figures that all pages of a process share.

A day may have brought millions, an outage leaves as many waiting, and every open page asks again every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from gateway.core.ids import Clock
from gateway.core.ports.deliveries import CauseGroup, DeliveryDesk, PartnerQueue
from gateway.core.ports.health import Health
from gateway.core.seldom import Seldom

T = TypeVar("T")
DAY = timedelta(hours=24)


class Shared(Generic[T]):
    """One answer for everybody: asked for once at a time, and the more rarely the longer it takes to get."""

    def __init__(self, ask: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._seldom, self._lock = Seldom(), asyncio.Lock()
        self._answer: T | None = None

    async def now(self) -> T:
        """The answer; a minute old at most. Raises what asking raises."""
        async with self._lock:
            begun = self._clock()
            if self._answer is None or not self._seldom.rests(begun):
                self._answer = await self._ask()
                self._seldom.looked(begun, self._clock())
            return self._answer


@dataclass(frozen=True, slots=True)
class Figures:
    """What pages that live ask for again and again."""

    day: Shared[Mapping[str, int]]
    """Counts of the last 24 hours."""
    queues: Shared[tuple[PartnerQueue, ...]]
    groups: Shared[tuple[CauseGroup, ...]]
    """Dead letters by cause."""

    @classmethod
    def of(cls, health: Health, desk: DeliveryDesk, clock: Clock) -> Figures:
        async def day() -> Mapping[str, int]:
            return await health.counts(clock() - DAY)

        async def queues() -> tuple[PartnerQueue, ...]:
            return await desk.queues()

        async def groups() -> tuple[CauseGroup, ...]:
            return await desk.groups()

        return cls(Shared(day, clock), Shared(queues, clock), Shared(groups, clock))
