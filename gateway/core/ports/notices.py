"""Ports of the disclosure guard into the store: the register of protected persons, and what a delivery carries."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.apart import Parting
from gateway.core.model import AuditEntry, Claimed, DeliveryId, PartnerKey, RecordId
from gateway.core.protected import Standing


class Notices(Protocol):
    """Notices of danger. They are placed by the commit of the record that says so, in its transaction."""

    async def revision(self) -> int:
        """Grows with every change, in the order of the commits; cheap to ask."""
        ...

    async def since(self, revision: int) -> tuple[int, tuple[Standing, ...]]:
        """What changed after a revision, and the revision that this leads to."""
        ...

    async def lift(self, record: RecordId, placed_by: PartnerKey, entry: AuditEntry) -> int:
        """The partner takes back what its record placed: how many persons that were; the entry is written when any.
        What other partners placed on them stands."""
        ...


class Carried(Protocol):
    """What deliveries carry, without bodies."""

    async def carried(self, delivery: DeliveryId) -> Claimed | None:
        """The delivery with what the guard must know of its records, and the register's revision of the same moment;
        of the bodies only those of which nothing was written down. None: there is no such delivery."""
        ...

    async def recall(self, delivery: DeliveryId, parting: Parting, now: datetime) -> bool:
        """Take records out of a parcel that lies ready, and let the rest be placed anew under its id. False: the
        partner has fetched it, or it does not lie there any more; nothing is changed then."""
        ...
