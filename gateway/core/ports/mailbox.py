"""The port of the store about what partners fetch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.model import DeliveryId, Digest, PartnerKey


class Shelf(Protocol):
    """Where parcels are laid down for partners that pull: all that a channel may do."""

    async def place(
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        name: str,
        media_type: str,
        digest: Digest,
        size: int,
        sealed: bytes,
        now: datetime,
    ) -> None:
        """Idempotent for each delivery."""
        ...


class Mailbox(Shelf, Protocol):
    """Parcels for partners that pull."""

    async def lease(self, partner: PartnerKey, limit: int, now: datetime, until: datetime) -> tuple[MailboxItem, ...]:
        """Lease what nobody else of this partner has leased, oldest first, without bodies."""
        ...

    async def fetch(self, partner: PartnerKey, delivery: DeliveryId) -> tuple[MailboxItem, bytes] | None: ...


@dataclass(frozen=True, slots=True)
class MailboxItem:
    delivery: DeliveryId
    partner: PartnerKey
    name: str
    media_type: str
    digest: Digest
    size: int
    placed_at: datetime
    leased_until: datetime | None
    edition: int = 1
    """Which of its contents the delivery carries: more than one after two people amended it."""
