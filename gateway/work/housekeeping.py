"""Housekeeping: leases that ran out, uploads that never ended, figures for the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.errors import Unavailable
from gateway.core.ids import Clock
from gateway.core.model import PartnerKey
from gateway.core.ports.amendments import Amendments
from gateway.core.ports.broker import Broker
from gateway.core.ports.deliveries import Deliveries, DeliveryDesk
from gateway.core.ports.health import Flow, Health, Sample
from gateway.core.ports.submissions import Spool
from gateway.core.seldom import Seldom

log = structlog.get_logger()
UPLOAD_AGE = timedelta(hours=6)
KEEP_SAMPLES = timedelta(days=7)
MINUTE = timedelta(minutes=1)
FLOW = {"minute.accepted": "record.accepted", "minute.delivered": "delivery.delivered"}
"""Series -> action. What is entered when it happens: a big file is received in one minute and judged over many."""
WINDOW = timedelta(seconds=15)
"""Of what came into queues and went out of them, at the first look of a process; a later one counts since the last."""
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=2)
"""Of the same: a rate over less says nothing, and the entries of longer are many."""
STILL = Flow(0, 0)
"""Of a queue in which nothing moved."""


@dataclass(frozen=True, slots=True)
class Housekeeper:
    deliveries: Deliveries
    desk: DeliveryDesk
    spool: Spool
    health: Health
    broker: Broker
    clock: Clock
    amendments: Amendments
    seldom: Seldom = field(default_factory=Seldom)
    """For samples: a day may have brought millions of records."""

    async def release(self) -> bool:
        """Claims of processes that died become pending again."""
        released = await self.deliveries.release_expired(self.clock())
        if released:
            log.warning("leases.released", deliveries=released)
        return False

    async def sweep(self) -> bool:
        now = self.clock()
        await self.spool.sweep(now - UPLOAD_AGE)
        await self.health.prune_samples(now - KEEP_SAMPLES)
        if forgotten := await self.amendments.forget():
            log.info("amendments.forgotten", count=forgotten)
        return False

    async def sample(self) -> bool:
        """Depths of all queues, for plots and drain estimates: what the store owes."""
        now = self.clock()
        if self.seldom.rests(now):
            return False
        samples: list[Sample] = []
        queues = await self.desk.queues()
        for queue in queues:
            figures = {
                "queue.pending": queue.pending + queue.claimed,
                "queue.gathering": queue.gathering,
                "queue.dead": queue.dead,
                "queue.waiting": queue.waiting,
            }
            samples += [Sample(now, series, queue.partner, float(value)) for series, value in figures.items()]
        since = self._counted_until(now)
        for partner, flow in (await self._flows(since, [one.partner for one in queues])).items():
            moved = (("queue.entered", flow.entered), ("queue.left", flow.left))
            samples += [Sample(now, series, partner, value * (MINUTE / (now - since))) for series, value in moved]
        lately = await self.health.lately(now - MINUTE, tuple(FLOW.values()))
        samples += [Sample(now, series, "", float(lately[action])) for series, action in FLOW.items()]
        await self.health.add_samples(samples)
        self.seldom.looked(now, self.clock())
        return False

    def _counted_until(self, now: datetime) -> datetime:
        """From when on this look counts. Looks are rare where much happens: nothing between two may be missed."""
        last = self.seldom.last
        return last if last is not None and SHORTEST <= now - last <= LONGEST else now - WINDOW

    async def _flows(self, since: datetime, owing: Sequence[PartnerKey]) -> Mapping[PartnerKey, Flow]:
        """Of each partner that something moved for, or is owed to: that nothing goes out is a figure, too."""
        found = await self.health.flows(since)
        return {**dict.fromkeys(owing, STILL), **found}

    async def sample_broker(self) -> bool:
        """What the broker holds, and who listens; nothing while it is away. Each queue is a question of its own."""
        now = self.clock()
        try:
            depths = await self.broker.depths() if self.broker.connected else ()
        except Unavailable:
            return False
        samples = [
            Sample(now, series, depth.partner, float(value))
            for depth in depths
            if depth.partner is not None
            for series, value in (("broker.ready", depth.ready), ("broker.consumers", depth.consumers))
        ]
        await self.health.add_samples(samples)
        return False
