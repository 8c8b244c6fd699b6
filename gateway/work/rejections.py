"""Rejections: a partner that says of a transaction "there is no such case" answers its sender with MSC P REJCT."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog

from gateway.core.errors import Unprocessable
from gateway.core.labels import open_record
from gateway.core.model import Content, Delivery, Kind
from gateway.core.ports.deliveries import DeliveryDesk
from gateway.work.originate import Originator

log = structlog.get_logger()
CASE_TRANSFER = Kind("case-transfer")
REJECTION = "MSC P REJCT"
Reject = Callable[[Content, str, date], Content]
"""The rejection of a transaction under a serial number of twelve digits and a day. Raises Unprocessable when the
transaction names no case of the recipient: then there is nothing to reject."""


@dataclass(frozen=True, slots=True)
class Rejections:
    desk: DeliveryDesk
    originator: Originator
    reject: Reject

    async def case_unknown(self, delivery: Delivery) -> None:
        """Answer in the partner's name. Of several records nobody knows which one is meant: nothing is said. A repeat
        says nothing twice."""
        carried = await self.desk.carried(delivery.id, 2)
        partner = self.originator.directory().partners.get(delivery.partner)
        if partner is None or delivery.kind != CASE_TRANSFER or len(carried) != 1 or carried[0].sealed is None:
            return
        (record,) = carried
        if record.transaction == REJECTION:
            return
        document = open_record(self.originator.sealer, record.id, record.sealed or b"")
        content = self.originator.canonical.read(document)
        try:
            answer = self.reject(content, _serial(delivery), self.originator.clock().date())
        except Unprocessable:
            return
        await self.originator.say(partner, f"rejection-{delivery.id}", [answer])
        log.info("delivery.answered", id=delivery.id, partner=partner.key, kind=delivery.kind)


def _serial(delivery: Delivery) -> str:
    """Twelve digits that follow from the delivery: 8 and eleven of its digest. One that the partner has used already is
    refused as a duplicate, where everybody can see it."""
    number = int.from_bytes(hashlib.sha256(delivery.id.encode()).digest()[:8], "big")
    return f"8{number % 10**11:011}"
