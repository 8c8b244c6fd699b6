"""Releasing: what was kept back because of danger goes on its way when a court has ordered it, and an order whose
delivery came to nothing is told.

The order is not used up here: the guard is asked again when the record leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import structlog

from gateway.core.acceptance import Chunk, Judged
from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Override
from gateway.core.errors import GatewayError
from gateway.core.model import Actor, AuditEntry, Delivery, DeliveryId, DeliveryState, Record, RecordId, RecordState
from gateway.core.ports.deliveries import DeliveryDesk
from gateway.core.ports.overrides import Overrides
from gateway.core.ports.records import Records
from gateway.core.routing import Directory
from gateway.work.clearing import Clearing
from gateway.work.court_orders import Asked
from gateway.work.protection import RegisterWatch
from gateway.work.reroute import examined_again
from gateway.work.route import Origin, Router

log = structlog.get_logger()
SCHEDULER = Actor("gateway", "scheduler")


@dataclass(frozen=True, slots=True)
class Releaser:
    watch: RegisterWatch
    overrides: Overrides
    records: Records
    desk: DeliveryDesk
    asked: Asked
    clearing: Clearing
    router: Router
    scribe: Scribe
    directory: Callable[[], Directory]
    announce: Callable[[tuple[Delivery, ...]], None]
    _others: dict[str, set[RecordId]] = field(default_factory=dict)
    """Open order -> records that answer another request: they are not looked at again."""

    async def step(self) -> bool:
        """Look for what each order that stands may let go; False always. Without one nothing is asked of the store."""
        today = self.scribe.now().date()
        open_ = self.watch.register.orders.open(today)
        for gone in self._others.keys() - {order.id for order in open_}:
            del self._others[gone]
        for order in open_:
            try:
                await self._release(order, today)
            except GatewayError as error:
                log.warning("override.waits", id=order.id, code=error.problem)
        if self.watch.register.orders.used(today):
            await self._undelivered()
        return False

    async def _undelivered(self) -> None:
        """An operator has to know that the court did not get it: sent again until its last day, or ordered anew."""
        for order in await self.overrides.tell_undelivered(self._entry):
            log.warning("override.undelivered", id=order.used.delivery if order.used else "", name=order.id)

    def _entry(self, order: Override, state: DeliveryState) -> AuditEntry:
        details = {"order": order.id, "request": order.request, "court": order.court}
        delivery = order.used.delivery if order.used else ""
        return self.scribe.entry(SCHEDULER, "override.undelivered", f"delivery:{delivery}", state.value, details)

    async def _release(self, order: Override, today: date) -> None:
        kept = await self.overrides.kept(order)
        others = self._others.setdefault(order.id, set())
        for record in kept.records:
            if record in others:
                continue
            if order.request in await self.asked.requests(record):
                await self._record(record, order, today)
            else:
                others.add(record)
        for delivery in kept.deliveries:
            if await self.clearing.would_leave(delivery):
                await self._delivery(delivery, order)

    async def _record(self, id_: RecordId, order: Override, today: date) -> None:
        record = await self.records.get(id_)
        if record is None or record.sealed is None:
            return
        judged = await self._judged(record, order, today)
        chunk = Chunk(record.submission, 0, (judged,))
        if judged.record.state is RecordState.ROUTED and await self.records.reroute(chunk, RecordState.WITHHELD):
            self.announce(judged.deliveries)
            log.info("record.released", id=record.id, name=order.id)

    async def _judged(self, record: Record, order: Override, today: date) -> Judged:
        questions = self.asked.questions
        (again,) = await questions.found([examined_again(record, questions.sealer, questions.canonical)], record.sender)
        if again.question is None and order.request != record.id:
            again = replace(again, question=order.request)
        origin = Origin(record.submission, record.sender, record.received_at, today, SCHEDULER)
        (judged,) = self.router.judge([again], origin, self.directory())
        details = {**judged.entry.details, "order": order.id}
        return replace(judged, entry=replace(judged.entry, action="record.released", details=details))

    async def _delivery(self, delivery: DeliveryId, order: Override) -> None:
        details = {"order": order.id}
        entry = self.scribe.entry(SCHEDULER, "delivery.released", f"delivery:{delivery}", "ok", details)
        if await self.desk.retry(delivery, self.scribe.now(), entry):
            log.info("delivery.released", id=delivery, name=order.id)
