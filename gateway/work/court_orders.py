"""Orders of courts on the way out: which one may be about a record that leaves, and using it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.court_orders import fitting, spent_on
from gateway.core.disclosure import Override, Way
from gateway.core.model import Actor, Claimed, RecordId
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

    async def requests(self, record: RecordId) -> tuple[RecordId | None, ...]:
        """What an order may name so that it is about the record: the request that it answers, or the record itself."""
        return (await self.of(record), record)


@dataclass(frozen=True, slots=True)
class Orders:
    overrides: Overrides
    asked: Asked
    scribe: Scribe

    async def of(self, claimed: Claimed, register: Register, today: date) -> Mapping[RecordId, Override]:
        """The orders that may be about records of the delivery, each about one of them. Only where there is an order
        about a person of a record anything is asked of the store."""
        found: dict[RecordId, Override] = {}
        for one in claimed.cargo:
            about = register.orders.about(register.held(one.persons))
            if not about:
                continue
            order = spent_on(about, Way(claimed.delivery.id, one.record))
            if order is None:
                left = [each for each in about if each not in found.values()]
                order = fitting(left, await self.asked.requests(one.record), today)
            if order is not None:
                found[one.record] = order
        return found

    async def spend(self, order: Override, way: Way) -> bool:
        """Use the order up, before anything is handed over. False: something else was faster, or its days are over."""
        details = {"order": order.id, "request": order.request, "record": way.record, "court": order.court}
        entry = self.scribe.entry(DISPATCHER, "override.used", f"delivery:{way.delivery}", "ok", details)
        used = await self.overrides.spend(order, way, self.scribe.now(), entry)
        log.info("override.used" if used else "override.lost", id=way.delivery, name=order.id)
        return used
