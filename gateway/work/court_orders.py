"""Orders of courts on the way out: which one may be about a record that leaves, and using it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.court_orders import Search, fitting, unnumbered_of
from gateway.core.disclosure import Override, Way
from gateway.core.labels import open_record
from gateway.core.model import Actor, AuditEntry, Claimed, RecordId
from gateway.core.ports.overrides import Overrides
from gateway.core.ports.records import Records
from gateway.core.protected import Register
from gateway.work.answers import Questions
from gateway.work.reroute import examined_again

log = structlog.get_logger()
DISPATCHER = Actor("gateway", "dispatcher")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which request a record answers."""

    records: Records
    questions: Questions

    async def of(self, record: RecordId) -> RecordId | None:
        """As it was found when the record was judged; else it is looked for now. Raises Tampered."""
        pairs = await self.records.questions([record])
        if record in pairs:
            return pairs[record][0]
        found = await self.records.get(record)
        if found is None or found.sealed is None:
            return None
        again = examined_again(found, self.questions.sealer, self.questions.canonical)
        return await self.questions.asked_by(again, found.sender)

    async def unnumbered(self, record: RecordId) -> frozenset[bytes] | None:
        """What stands for those in danger of whom the record has no number; None when its body is gone. An amendment
        changes nothing of it. Raises Tampered."""
        found = await self.records.get(record)
        if found is None or found.sealed is None:
            return None
        content = self.questions.canonical.read(open_record(self.questions.sealer, record, found.sealed))
        return unnumbered_of(record, self.questions.canonical.unnumbered(content))

    async def requests(self, record: RecordId) -> tuple[RecordId | None, ...]:
        """What an order may name so that it is about the record: the request that it answers, or the record itself."""
        return (await self.of(record), record)


@dataclass(frozen=True, slots=True)
class Permit:
    """What courts ordered about one record that leaves."""

    protected: frozenset[bytes] = field(repr=False)
    """Everybody in the record who is protected, those without a number included."""
    orders: tuple[Override, ...]
    """One for each of them, or none."""
    request: RecordId | None
    """The request that the record answers."""


NOTHING: Mapping[RecordId, Permit] = {}


@dataclass(frozen=True, slots=True)
class Orders:
    overrides: Overrides
    asked: Asked
    scribe: Scribe

    async def of(self, claimed: Claimed, register: Register, today: date) -> Mapping[RecordId, Permit]:
        """What courts ordered about records of the delivery. Only where there is an order that may be about a record,
        it is opened and anything is asked of the store. No order is for two records."""
        found: dict[RecordId, Permit] = {}
        taken: set[str] = set()
        for one in claimed.cargo:
            held = register.held(one.persons)
            about = [order for order in register.orders.about(held, one.record) if order.id not in taken]
            if about:
                search = Search((one.record,), claimed.delivery.partner, today, Way(claimed.delivery.id, one.record))
                found[one.record] = permit = await self._permit(one.record, held, about, search)
                taken.update(order.id for order in permit.orders)
        return found

    async def _permit(
        self, record: RecordId, held: frozenset[bytes], about: Sequence[Override], search: Search
    ) -> Permit:
        unnumbered = await self.asked.unnumbered(record)
        if unnumbered is None:
            return Permit(held, (), None)
        protected, request = held | unnumbered, await self.asked.of(record)
        if request is not None:
            search = replace(search, requests=(request, record))
        return Permit(protected, fitting(about, protected, search), request)

    async def spend(self, orders: Sequence[Override], way: Way) -> bool:
        """Use the orders up, all or none, before anything is handed over. False: something else was faster, or the days
        of one are over."""
        entries = [self._used(order, way) for order in orders]
        used = await self.overrides.spend(orders, way, self.scribe.now(), entries)
        for order in orders:
            log.info("override.used" if used else "override.lost", id=way.delivery, name=order.id)
        return used

    def _used(self, order: Override, way: Way) -> AuditEntry:
        details = {"order": order.id, "request": order.request, "record": way.record, "court": order.court}
        return self.scribe.entry(DISPATCHER, "override.used", f"delivery:{way.delivery}", "ok", details)
