"""Keeping wire keys in sight: how long each has left, and payloads that need not be kept any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.core.ids import Clock
from gateway.core.ports.wire_keys import Payloads
from gateway.core.protection import WARNINGS, Stage
from gateway.work.wire_desk import WireDesk

log = structlog.get_logger()
Observe = Callable[[str, str, int], None]
"""Told of every live key: owner, id, days left (metrics)."""


@dataclass(frozen=True, slots=True)
class WireKeeper:
    desk: WireDesk
    payloads: Payloads
    clock: Clock
    observe: Observe

    async def warn(self) -> bool:
        """A line for each key at one of :data:`WARNINGS`, and each day of the last week. Once a day."""
        now = self.clock()
        for key in await self.desk.list():
            left = key.days_left(now)
            if key.stage is Stage.RETIRED or left is None:
                continue
            self.observe(key.owner or "gateway", key.id, left)
            if is_warned_of(left):
                log.warning("wire.key_expires", partner=key.owner or "gateway", id=key.id, hint=f"{left} days left")
        return False

    async def forget(self) -> bool:
        """Payloads of deliveries that were taken or withdrawn."""
        forgotten = await self.payloads.forget()
        if forgotten:
            log.info("wire.payloads_forgotten", count=forgotten)
        return False


def is_warned_of(days: int) -> bool:
    return days in WARNINGS or days < min(WARNINGS)
