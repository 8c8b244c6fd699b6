"""Keeping wire keys in sight: how long each has left, and payloads that need not be kept any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from gateway.core.ids import Clock
from gateway.core.ports.wire_keys import Payloads
from gateway.core.protection import WARNINGS, Stage
from gateway.work.wire_desk import WireDesk

log = structlog.get_logger()
Observe = Callable[[Sequence[tuple[str, str, int]]], None]
"""Told of all live keys at once: owner, id, days left (metrics)."""


@dataclass(frozen=True, slots=True)
class WireKeeper:
    desk: WireDesk
    payloads: Payloads
    clock: Clock
    observe: Observe

    async def warn(self) -> bool:
        """A line for each key at one of :data:`WARNINGS`, and each day of the last week. Once a day."""
        for owner, id_, left in await self._living():
            if is_warned_of(left):
                log.warning("wire.key_expires", partner=owner, id=id_, hint=f"{left} days left")
        return False

    async def measure(self) -> bool:
        """The days that are left, of all keys together: one that was retired has no figure any more. False always."""
        self.observe(await self._living())
        return False

    async def _living(self) -> list[tuple[str, str, int]]:
        now = self.clock()
        return [
            (key.owner or "gateway", key.id, left)
            for key in await self.desk.list()
            if key.stage is not Stage.RETIRED and (left := key.days_left(now)) is not None
        ]

    async def forget(self) -> bool:
        """Payloads of deliveries that were taken or withdrawn."""
        forgotten = await self.payloads.forget()
        if forgotten:
            log.info("wire.payloads_forgotten", count=forgotten)
        return False


def is_warned_of(days: int) -> bool:
    return days in WARNINGS or days < min(WARNINGS)
