"""Port of the disclosure guard for those who look from outside: the API and the console."""

from __future__ import annotations

from typing import Protocol

from gateway.core.disclosure import Decision
from gateway.core.model import Actor, Delivery, DeliveryId, PartnerKey, Record, RecordId
from gateway.core.why import Why


class Disclosures(Protocol):
    """What the guard says, and what a partner says to it."""

    async def kept_back(self, delivery: DeliveryId, reader: Actor) -> Decision | None:
        """Why a parcel that lies ready may not be fetched now, with its entry in the audit log; None when it may. Where
        only some of its records keep it and nobody has fetched it, they are taken out and the rest is placed anew."""
        ...

    async def lift(self, record: RecordId, placed_by: PartnerKey, reason: str) -> int:
        """A partner takes back the notices of danger that its record placed, with an entry in the audit log. How many
        persons that were; what other partners placed on them stands."""
        ...

    def of_record(self, record: Record) -> Why | None:
        """Why a record goes to nobody."""
        ...

    def of_delivery(self, delivery: Delivery) -> Why | None:
        """Why a delivery is kept."""
        ...
