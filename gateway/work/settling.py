"""Settling: outcomes of deliveries are written in groups, so that one commit serves many."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.core.errors import Unavailable
from gateway.core.model import AuditEntry, DeliveryId, Settlement
from gateway.core.ports.deliveries import Deliveries

log = structlog.get_logger()
GROUP = 500


@dataclass(slots=True)
class Settler:
    """One writer of outcomes. While the store is away outcomes wait here; a crash lets their leases run out and the
    deliveries go out again under the same id."""

    deliveries: Deliveries
    pause: timedelta = timedelta(seconds=1)
    window: timedelta = timedelta(milliseconds=40)
    """Outcomes within it share a commit; nobody waits for them but the next look at the delivery."""
    _waiting: list[tuple[Settlement, AuditEntry | None]] = field(default_factory=list)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, settlement: Settlement, entry: AuditEntry | None) -> None:
        self._waiting.append((settlement, entry))
        self._idle.clear()
        self._work.set()

    async def run(self) -> None:
        """Write groups until cancelled."""
        while True:
            if not self._waiting:
                self._work.clear()
                self._idle.set()
                await self._work.wait()
                await asyncio.sleep(self.window.total_seconds())
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            await self._write(group)

    async def _write(self, group: list[tuple[Settlement, AuditEntry | None]]) -> None:
        entries = [entry for _, entry in group if entry is not None]
        try:
            held = await self.deliveries.settle([settlement for settlement, _ in group], entries)
        except Unavailable as error:
            log.warning("settling.waits", code=error.problem, deliveries=len(group))
            self._waiting = group + self._waiting
            await asyncio.sleep(self.pause.total_seconds())
        except Exception as error:  # noqa: BLE001 - a defect must not end the only writer; the type is logged, no text
            log.error("settling.defect", type=type(error).__name__, deliveries=len(group))  # noqa: TRY400 - tracebacks may show data
            await self._write_apart(group)
        else:
            _report_lost({s.delivery for s, _ in group} - set(held))

    async def _write_apart(self, group: list[tuple[Settlement, AuditEntry | None]]) -> None:
        """One by one, so that an outcome that cannot be written harms no other; its own lease runs out."""
        if len(group) > 1:
            for one in group:
                await self._write([one])

    async def drained(self) -> None:
        """Returns when everything handed in so far is written."""
        if self._waiting:
            self._idle.clear()
        await self._idle.wait()


def _report_lost(lost: set[DeliveryId]) -> None:
    for delivery in lost:
        log.warning("delivery.lease_lost", id=delivery)
