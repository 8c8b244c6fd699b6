"""The desk of the disclosure guard: why something was not sent, and the end of a notice of danger."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from gateway.core.apart import Parter
from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Decision
from gateway.core.model import Actor, Delivery, DeliveryId, PartnerKey, Record, RecordId
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.notices import Notices
from gateway.core.why import Why, why_delivery, why_record
from gateway.work.clearing import Clearing, KeptBack

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DisclosureDesk:
    """The port ``Disclosures``."""

    clearing: Clearing
    notices: Notices
    audit: AuditLog
    scribe: Scribe
    parter: Parter

    async def kept_back(self, delivery: DeliveryId, reader: Actor) -> Decision | None:
        found = await self.clearing.kept_back(delivery)
        if found is None:
            return None
        carrying, back = found
        if back.whole or not await self._recalled(carrying, back, reader):
            await self._told(delivery, back.first, reader)
        return back.first

    async def _recalled(self, delivery: Delivery, back: KeptBack, reader: Actor) -> bool:
        """Whether the records that keep the parcel were taken out of it: the rest is placed anew."""
        now = self.scribe.now()
        parting = self.parter.part(reader, delivery, back.decisions, now)
        recalled = await self.clearing.carried.recall(delivery.id, parting, now)
        if recalled:
            log.info("delivery.split", id=delivery.id, partner=delivery.partner, count=len(parting.apart))
        return recalled

    async def _told(self, delivery: DeliveryId, decision: Decision, reader: Actor) -> None:
        details = {"policy": decision.policy, "rule": decision.rule}
        entry = self.scribe.entry(reader, "delivery.withheld", f"delivery:{delivery}", str(decision.withheld), details)
        await self.audit.write([entry])
        log.info("delivery.withheld", id=delivery, code=str(decision.withheld), hint=decision.rule)

    async def lift(self, record: RecordId, placed_by: PartnerKey, reason: str) -> int:
        entry = self.scribe.entry(
            Actor("partner", placed_by), "notice.lifted", f"record:{record}", "ok", {"reason": reason}
        )
        lifted = await self.notices.lift(record, placed_by, entry)
        log.info("notice.lifted", id=record, partner=placed_by, count=lifted)
        return lifted

    def of_record(self, record: Record) -> Why | None:
        return why_record(record, self.clearing.guard.policy)

    def of_delivery(self, delivery: Delivery) -> Why | None:
        return why_delivery(delivery, self.clearing.guard.policy)
