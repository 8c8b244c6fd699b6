"""Parcels that partners fetch themselves. Only a delivery that waits for its partner can be seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update

from gateway.core.model import DeliveryId, DeliveryState, Digest, PartnerKey
from gateway.core.ports.mailbox import MailboxItem
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.tables import deliveries, mailbox

_EDITION = func.coalesce(
    select(deliveries.c.edition).where(deliveries.c.id == mailbox.c.delivery).scalar_subquery(), 1
).label("edition")
_SEEN = [*(column for column in mailbox.c if column is not mailbox.c.sealed), _EDITION]


def _offered() -> ColumnElement[bool]:
    """A body is there and its delivery is not elsewhere: withdrawn, dead, held, or on its way here once more."""
    elsewhere = exists().where(deliveries.c.id == mailbox.c.delivery, deliveries.c.state != DeliveryState.WAITING.value)
    return and_(mailbox.c.sealed.is_not(None), ~elsewhere)


class StoredMailbox:
    """Implements :class:`gateway.core.ports.mailbox.Mailbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        """As the port says. A parcel that was emptied or has other bytes is replaced only while its delivery is
        claimed: a late repeat cannot bring back what the partner has acknowledged."""
        claimed = exists().where(
            deliveries.c.id == mailbox.c.delivery, deliveries.c.state == DeliveryState.CLAIMED.value
        )
        async with self._database.write() as connection:
            statement = upsert(connection, mailbox).values(
                delivery=delivery,
                partner=partner,
                name=name,
                media_type=media_type,
                digest=digest,
                size=size,
                sealed=sealed,
                placed_at=now,
            )
            new = statement.excluded
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["delivery"],
                    set_={
                        "name": new.name,
                        "media_type": new.media_type,
                        "digest": new.digest,
                        "size": new.size,
                        "sealed": new.sealed,
                        "placed_at": new.placed_at,
                        "leased_until": None,
                    },
                    where=and_(claimed, or_(mailbox.c.sealed.is_(None), mailbox.c.digest != new.digest)),
                )
            )

    async def lease(self, partner: PartnerKey, limit: int, now: datetime, until: datetime) -> tuple[MailboxItem, ...]:
        free = or_(mailbox.c.leased_until.is_(None), mailbox.c.leased_until <= now)
        picked = (
            select(mailbox.c.delivery)
            .where(mailbox.c.partner == partner, free, _offered())
            .order_by(mailbox.c.placed_at, mailbox.c.delivery)
            .limit(limit)
            .with_for_update(of=mailbox, skip_locked=True)
            .cte("picked")
        )
        async with self._database.write() as connection:
            leased = await connection.execute(
                update(mailbox)
                .where(mailbox.c.delivery.in_(select(picked.c.delivery)))
                .values(leased_until=until)
                .returning(*_SEEN)
            )
            found = [_item(row) for row in leased]
        return tuple(sorted(found, key=lambda item: (item.placed_at, item.delivery)))

    async def fetch(self, partner: PartnerKey, delivery: DeliveryId) -> tuple[MailboxItem, bytes] | None:
        query = select(mailbox, _EDITION).where(
            mailbox.c.delivery == delivery, mailbox.c.partner == partner, _offered()
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (_item(row), row.sealed)


def _item(row: Row[Any]) -> MailboxItem:
    return MailboxItem(
        delivery=DeliveryId(row.delivery),
        partner=PartnerKey(row.partner),
        name=row.name,
        media_type=row.media_type,
        digest=Digest(row.digest),
        size=row.size,
        placed_at=row.placed_at,
        leased_until=row.leased_until,
        edition=row.edition,
    )
