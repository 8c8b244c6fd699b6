"""What lies in a partner's mailbox."""

from __future__ import annotations

from datetime import datetime

from gateway.web.api.told.answer import Told


class ParcelTold(Told):
    delivery: str
    name: str
    media_type: str
    digest: str
    size: int
    placed_at: datetime
    leased_until: datetime | None
    edition: int
    links: dict[str, str]


class MailboxTold(Told):
    rows: list[ParcelTold]
