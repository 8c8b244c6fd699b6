"""Clearing: the disclosure guard is asked once more when a delivery is about to leave, about every record that it
carries: approvals and agreements end, data grow old, and notices of danger come in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from gateway.core.bearing import Bearing, bearing_from
from gateway.core.bridge import Bridging
from gateway.core.disclosure import Clearance, Decision, Guard, Passage, Way, Withheld
from gateway.core.ids import Clock
from gateway.core.labels import open_carried
from gateway.core.model import AgreementMode, Cargo, Claimed, Delivery, DeliveryId, RecordId
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.keys import Sealer
from gateway.core.ports.notices import Carried
from gateway.core.protected import Register
from gateway.core.routing import Directory, Route
from gateway.core.swift import swift
from gateway.work.court_orders import NOTHING, Orders, Permit
from gateway.work.protection import RegisterWatch


class KeptBack(Exception):
    """The delivery may not leave as it is: what was decided about the records that keep it, by their ids."""

    def __init__(self, decisions: Mapping[RecordId, Decision], *, whole: bool) -> None:
        super().__init__("kept back")
        self.decisions = decisions
        self.whole = whole
        """None of its records may leave."""

    @property
    def first(self) -> Decision:
        return next(iter(self.decisions.values()))


@swift
class Leaving:
    """A delivery that may leave, and what was decided about each of its records."""

    claimed: Claimed
    decisions: Mapping[RecordId, Decision]


@swift
class _Circumstances:
    """What is not of the record: the day, on whom notices are held, and what courts ordered about it."""

    today: date
    held: frozenset[bytes]
    permit: Permit | None


@dataclass(frozen=True, slots=True)
class Clearing:
    """The one place on the way out where the guard is asked and its word is given."""

    guard: Guard
    watch: RegisterWatch
    directory: Callable[[], Directory]
    clock: Clock
    bridging: Bridging
    sealer: Sealer
    canonical: CanonicalForm
    carried: Carried
    orders: Orders
    _unknown: Decision = field(init=False)

    def __post_init__(self) -> None:
        unknown = Decision(Withheld.UNKNOWN, "L01", self.guard.policy.version)
        object.__setattr__(self, "_unknown", unknown)

    async def decided(self, claimed: Claimed) -> Leaving:
        """That every record of the delivery may leave now; nothing is used up yet. Raises KeptBack."""
        decisions = await self._decisions(claimed)
        if back := _kept(decisions):
            raise back
        return Leaving(claimed, decisions)

    async def clear(self, leaving: Leaving) -> Clearance:
        """The guard's word that the delivery may go to its partner now, asked for when its bytes are made: what courts
        ordered is used up, and bytes that cannot be made use nothing up. Raises KeptBack."""
        claimed, decisions = leaving.claimed, leaving.decisions
        if back := await self._unspent(claimed, decisions):
            raise back
        return self.guard.clear(claimed.delivery.id, claimed.delivery.partner, decisions)

    async def kept_back(self, delivery: DeliveryId) -> tuple[Delivery, KeptBack] | None:
        """The parcel that lies ready and why it may not be fetched now; None when it may, or when there is none."""
        claimed = await self.carried.carried(delivery)
        if claimed is None:
            return None
        decisions = await self._decisions(claimed)
        back = _kept(decisions) or await self._unspent(claimed, decisions)
        return None if back is None else (claimed.delivery, back)

    async def would_leave(self, delivery: DeliveryId) -> bool:
        """Whether nothing would keep the delivery now. No order is used up by asking."""
        claimed = await self.carried.carried(delivery)
        return claimed is not None and _kept(await self._decisions(claimed)) is None

    async def _decisions(self, claimed: Claimed) -> dict[RecordId, Decision]:
        register = await self.watch.at_least(claimed.register)
        ordered = await self.orders.of(claimed, register, self.clock().date()) if register.orders else {}
        return self.decide(claimed, register, ordered)

    async def _unspent(self, claimed: Claimed, decisions: Mapping[RecordId, Decision]) -> KeptBack | None:
        """Use up the orders by which records leave; what keeps the delivery when one of them cannot be used."""
        lost: list[RecordId] = []
        for record, one in decisions.items():
            if not one.orders:
                continue
            way = Way(claimed.delivery.id, record)
            if await self.orders.spend(one.orders, way):
                self.watch.register.orders.learn([replace(order, used=way) for order in one.orders])
            else:
                lost.append(record)
        if not lost:
            return None
        bare = self.decide(claimed, self.watch.register)
        return _kept({**decisions, **{record: bare[record] for record in lost}})

    def decide(
        self, claimed: Claimed, register: Register, ordered: Mapping[RecordId, Permit] = NOTHING
    ) -> dict[RecordId, Decision]:
        """What the guard says of each record that the delivery carries. ``ordered``: what courts ordered about some."""
        route = self._route(claimed.delivery)
        if route is None:
            carried = [one.record for one in claimed.cargo] or [RecordId("")]
            gone = replace(self._unknown, withheld=Withheld.AGREEMENT)
            return dict.fromkeys(carried, gone)
        if len(claimed.cargo) != claimed.delivery.records:
            return {RecordId(""): self._unknown}
        today = self.clock().date()
        asked: dict[tuple[object, ...], Decision] = {}
        decisions: dict[RecordId, Decision] = {}
        for one in claimed.cargo:
            permit = ordered.get(one.record)
            held = register.held(one.persons) if permit is None else permit.protected
            key = (one.bearing, one.received_at.date(), held)
            decision = asked.get(key) if one.bearing is not None and permit is None else None
            if decision is None:
                decision = self._decided(claimed, one, route, _Circumstances(today, held, permit))
                if permit is None:
                    asked[key] = decision
            decisions[one.record] = decision
        return decisions

    def _decided(self, claimed: Claimed, one: Cargo, route: Route, now: _Circumstances) -> Decision:
        delivery, permit = claimed.delivery, now.permit
        bearing = self._bearing(claimed, one)
        if bearing is None:
            return self._unknown
        sender = self.directory().partners.get(delivery.sender)
        passage = Passage(bearing, route, now.today, sender, one.received_at.date(), now.held)
        if permit is not None:
            way = Way(delivery.id, one.record)
            passage = replace(passage, request=permit.request, record=one.record, orders=permit.orders, way=way)
        decision = self.guard.decide(passage)
        bridge = self.bridging.between(delivery.kind, delivery.format)
        if decision.withheld is not None or bridge is None:
            return decision
        return self.guard.decide(replace(passage, bearing=self.guard.crossed(bearing, bridge.to)))

    def _bearing(self, claimed: Claimed, one: Cargo) -> Bearing | None:
        """As it was written down when the record was judged; for records from before that, read once more."""
        if one.bearing is not None:
            return bearing_from(claimed.delivery.kind, one.bearing)
        sealed = next((sealed for record, sealed in claimed.records if record == one.record), None)
        if sealed is None:
            return None
        document = open_carried(self.sealer, one.record, sealed, claimed.amended.get(one.record))
        return self.guard.bearing(self.canonical.facts(self.canonical.read(document)))

    def _route(self, delivery: Delivery) -> Route | None:
        """The route of the delivery by partners and agreements as they are now; None when it is no route any more."""
        directory = self.directory()
        agreement = directory.agreement(delivery.agreement)
        partner = directory.partners.get(delivery.partner)
        if agreement is None or partner is None or delivery.kind not in agreement.kinds:
            return None
        if agreement.recipient != partner.key:
            return None
        if agreement.mode is AgreementMode.DIRECT and delivery.sender not in agreement.senders:
            return None
        return Route(partner, agreement)


def _kept(decisions: Mapping[RecordId, Decision]) -> KeptBack | None:
    """What keeps the delivery, when anything does."""
    kept = {record: one for record, one in decisions.items() if one.withheld is not None}
    return KeptBack(kept, whole=len(kept) == len(decisions)) if kept else None
