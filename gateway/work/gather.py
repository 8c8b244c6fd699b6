"""Gathering: records that wait for a batch become a delivery when the partner's batching says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.core.audit_entry import Scribe
from gateway.core.batching import due
from gateway.core.bridge import Bridging
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, AgreementKey, Delivery, DeliveryId, DeliveryState, Partner
from gateway.core.ports.deliveries import Deliveries, Gathering
from gateway.core.routing import Directory


@dataclass(frozen=True, slots=True)
class Gatherer:
    deliveries: Deliveries
    directory: Callable[[], Directory]
    scribe: Scribe
    clock: Clock
    mint: Mint
    bridging: Bridging = field(default_factory=Bridging)

    async def step(self) -> bool:
        """One look at everything that waits. True when a full batch was made, so that there may be another."""
        full = False
        for waiting in await self.deliveries.gathering():
            partner = self.directory().partners.get(waiting.partner)
            if partner is not None and not partner.paused:
                full |= await self._gather(partner, waiting)
        return full

    async def _gather(self, partner: Partner, waiting: Gathering) -> bool:
        now = self.clock()
        batching = partner.batching_of(waiting.kind)
        if not due(batching, waiting.count, waiting.oldest, now):
            return False
        delivery = Delivery(
            id=DeliveryId(self.mint()),
            partner=partner.key,
            sender=waiting.sender,
            kind=waiting.kind,
            format=self.bridging.format_of(partner, waiting.kind),
            agreement=AgreementKey(waiting.agreement),
            state=DeliveryState.PENDING,
            created_at=now,
            due_at=now,
            records=0,
        )
        entry = self.scribe.entry(
            Actor("gateway", "scheduler"), "delivery.created", f"delivery:{delivery.id}", "ok", {"partner": partner.key}
        )
        taken = await self.deliveries.gather(
            partner.key, waiting.sender, waiting.kind, delivery, batching.limit, [entry]
        )
        return taken == batching.limit
