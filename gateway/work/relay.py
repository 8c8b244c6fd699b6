"""The relay: tells the broker which deliveries are due. What it could not tell, it tells again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.core.errors import Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Delivery, DeliveryId, PartnerKey
from gateway.core.ports.broker import Announcement, Broker
from gateway.core.ports.deliveries import Deliveries

IDS_IN_ONE = 500


@dataclass(frozen=True, slots=True)
class RelayLimits:
    sweep: int = 5_000
    again: timedelta = timedelta(seconds=60)
    """A pending delivery is announced again after this: its announcement may have been lost."""
    backlog: int = 50_000
    """Ids told by the commit path and not published yet; more are left to the sweep."""
    window: timedelta = timedelta(milliseconds=20)
    """What is told within it goes into the same announcements: one message, one claim and one commit serve many."""


@dataclass(slots=True)
class Relay:
    broker: Broker
    deliveries: Deliveries
    clock: Clock
    limits: RelayLimits = field(default_factory=RelayLimits)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _told: list[tuple[PartnerKey, DeliveryId]] = field(default_factory=list)

    def tell(self, deliveries: Iterable[Delivery]) -> None:
        """Called right after a commit of this process. Nothing is lost when it is not: the sweep finds them."""
        if len(self._told) < self.limits.backlog:
            self._told.extend((d.partner, d.id) for d in deliveries)
            self.wake.set()

    async def publish(self) -> bool:
        """Publish what was told. An outage of the broker drops it: the sweep will find it in the store."""
        if self._told:
            await asyncio.sleep(self.limits.window.total_seconds())
        told, self._told = self._told, []
        if told:
            await self.broker.publish(announcements(told))
        return bool(self._told)

    async def sweep(self) -> bool:
        """Publish what is due by the store. True when there was a full page of it."""
        if not self.broker.connected:
            raise Unavailable("The broker is not connected.", code="broker-down")
        now = self.clock()
        due = await self.deliveries.due(now, now + self.limits.again, self.limits.sweep)
        if due:
            await self.broker.publish(announcements(due))
        return len(due) == self.limits.sweep


def announcements(due: Iterable[tuple[PartnerKey, DeliveryId]]) -> list[Announcement]:
    """Ids by partner, in announcements of at most 500, order kept."""
    by_partner: dict[PartnerKey, list[DeliveryId]] = defaultdict(list)
    for partner, delivery in due:
        by_partner[partner].append(delivery)
    return [
        Announcement(partner, tuple(ids[start : start + IDS_IN_ONE]))
        for partner, ids in by_partner.items()
        for start in range(0, len(ids), IDS_IN_ONE)
    ]
