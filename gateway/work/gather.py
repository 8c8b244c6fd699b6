"""Gathering: records that wait for a batch become a delivery when the partner's batching says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.core.audit_entry import Scribe
from gateway.core.batching import due
from gateway.core.bridge import Bridging
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, AgreementKey, Delivery, DeliveryId, DeliveryState, Ordering, Partner
from gateway.core.ports.danger_changes import nobody_hurries
from gateway.core.ports.deliveries import Deliveries, Gathering
from gateway.core.routing import Directory
from gateway.core.seldom import Seldom

Hurry = Callable[[tuple[Gathering, ...]], Awaitable[frozenset[tuple[str, str, str]]]]
"""What waits -> partner, sender and agreement of what may not wait for its batch."""


@dataclass(slots=True)
class Gatherer:
    deliveries: Deliveries
    directory: Callable[[], Directory]
    scribe: Scribe
    clock: Clock
    mint: Mint
    bridging: Bridging = field(default_factory=Bridging)
    hurry: Hurry = nobody_hurries
    _seldom: Seldom = field(default_factory=Seldom)
    """A million records of a nightly batch take a second to count, and must not be counted every second."""

    async def step(self) -> bool:
        """One look at everything that waits. True when a full batch was made, so that there may be another."""
        begun = self.clock()
        if self._seldom.rests(begun):
            return False
        partners = self.directory().partners
        by_case = [key for key, partner in partners.items() if partner.ordering is Ordering.CASE]
        found = await self.deliveries.gathering(by_case)
        self._seldom.looked(begun, self.clock())
        full = await self._gather_all(found)
        if full:
            self._seldom.at_once()
        return full

    async def _gather_all(self, found: tuple[Gathering, ...]) -> bool:
        full = False
        hurried = await self.hurry(found)
        for waiting in found:
            partner = self.directory().partners.get(waiting.partner)
            if partner is not None and not partner.paused:
                at_once = (waiting.partner, waiting.sender, waiting.agreement) in hurried
                full |= await self._gather(partner, waiting, at_once=at_once)
        return full

    async def _gather(self, partner: Partner, waiting: Gathering, *, at_once: bool) -> bool:
        now = self.clock()
        batching = partner.batching_of(waiting.kind)
        if not at_once and not due(batching, waiting.count, waiting.oldest, now):
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
            partner.key,
            waiting.sender,
            waiting.kind,
            delivery,
            batching.limit,
            [entry],
            by_case=partner.ordering is Ordering.CASE,
        )
        return taken == batching.limit
