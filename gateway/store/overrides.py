"""Orders of courts: entered with the permission of two people, used up once, in memory by their revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.disclosure import Override, Way, Withheld
from gateway.core.four_eyes import Act
from gateway.core.model import AuditEntry, DeliveryId, DeliveryState, RecordId, RecordState
from gateway.core.people import unpacked
from gateway.core.ports.approvals import Spent
from gateway.core.ports.overrides import Kept
from gateway.store.approvals import spend
from gateway.store.engine import Database
from gateway.store.protection import grow
from gateway.store.rows import write_entries
from gateway.store.tables import deliveries, items, overrides, records

DANGER = tuple(reason.value for reason in (Withheld.FAMILY_VIOLENCE, Withheld.NONDISCLOSURE, Withheld.PROTECTED_PERSON))
"""Why something is kept that an order can let go."""
_UNDER_WAY = (DeliveryState.CLAIMED.value, DeliveryState.WAITING.value)
_KEPT = (DeliveryState.HELD.value, DeliveryState.WITHHELD.value)


class StoredOverrides:
    """Implements :class:`gateway.core.ports.overrides.Overrides`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, order: Override, approval: str, spent: Spent, entries: Sequence[AuditEntry]) -> bool:
        async with self._database.write() as connection:
            if not await spend(connection, approval, Act.OVERRIDE, spent):
                return False
            revision = await grow(connection)
            row = {**_row(order), "revision": revision, "entered_at": spent.at}
            await connection.execute(insert(overrides).values(row))
            await write_entries(connection, entries)
        return True

    async def spend(self, order: Override, way: Way, at: datetime, entry: AuditEntry) -> bool:
        columns, day = overrides.c, at.date().isoformat()
        going = exists().where(deliveries.c.id == way.delivery, deliveries.c.state.in_(_UNDER_WAY))
        good = (columns.id == order.id, columns.ordered_on <= day, columns.expires_on >= day, going)
        same = select(columns.id).where(*good, columns.delivery == way.delivery, columns.record == way.record)
        async with self._database.write() as connection:
            if await connection.scalar(same) is not None:
                return True
            revision = await grow(connection)
            used = await connection.execute(
                update(overrides)
                .where(*good, columns.delivery.is_(None))
                .values(delivery=way.delivery, record=way.record, used_at=at, revision=revision)
            )
            if used.rowcount == 1:
                await write_entries(connection, [entry])
                return True
            return await connection.scalar(same) is not None

    async def since(self, revision: int) -> tuple[Override, ...]:
        return await self._found(select(overrides).where(overrides.c.revision > revision).order_by(overrides.c.id))

    async def get(self, order: str) -> Override | None:
        return await self._first(overrides.c.id == order)

    async def list(self, limit: int) -> tuple[Override, ...]:
        return await self._found(select(overrides).order_by(overrides.c.id.desc()).limit(limit))

    async def used_by(self, delivery: DeliveryId) -> Override | None:
        return await self._first(overrides.c.delivery == delivery)

    async def used_for(self, record: RecordId) -> Override | None:
        return await self._first(overrides.c.record == record)

    async def kept(self, person: bytes) -> Kept:
        """As the port says. Whose blind indexes a record has is looked at here: they lie packed in one value."""
        withheld = select(records.c.id, records.c.persons).where(
            records.c.state == RecordState.WITHHELD.value, records.c.reason.in_(DANGER), records.c.persons.is_not(None)
        )
        held = (
            select(deliveries.c.id, records.c.persons)
            .join(items, items.c.delivery == deliveries.c.id)
            .join(records, records.c.id == items.c.record)
            .where(or_(*(deliveries.c.state == state for state in _KEPT)), deliveries.c.cause.in_(DANGER))
        )
        async with self._database.read() as connection:
            found = await _naming(connection, person, withheld.order_by(records.c.id))
            carrying = await _naming(connection, person, held.order_by(deliveries.c.id))
        return Kept(tuple(map(RecordId, found)), tuple(map(DeliveryId, carrying)))

    async def _first(self, condition: ColumnElement[bool]) -> Override | None:
        found = await self._found(select(overrides).where(condition).order_by(overrides.c.id).limit(1))
        return found[0] if found else None

    async def _found(self, query: Select[Any]) -> tuple[Override, ...]:
        async with self._database.read() as connection:
            return tuple([_order(row) for row in await connection.execute(query)])


async def _naming(connection: AsyncConnection, person: bytes, query: Select[Any]) -> Sequence[str]:
    """The ids of the rows among whose persons somebody is, each once."""
    rows = await connection.stream(query)
    return list(dict.fromkeys([row.id async for row in rows if person in unpacked(row.persons)]))


def _row(order: Override) -> dict[str, object]:
    return {
        "id": order.id,
        "request": order.request,
        "person": order.person,
        "court": order.court,
        "ordered_on": order.ordered_on.isoformat(),
        "expires_on": order.expires_on.isoformat(),
        "requested_by": order.requested_by,
        "approved_by": order.approved_by,
    }


def _order(row: Row[Any]) -> Override:
    way = Way(DeliveryId(row.delivery), RecordId(row.record)) if row.delivery else None
    return Override(
        id=row.id,
        request=RecordId(row.request),
        person=bytes(row.person),
        court=row.court,
        ordered_on=date.fromisoformat(row.ordered_on),
        expires_on=date.fromisoformat(row.expires_on),
        requested_by=row.requested_by,
        approved_by=row.approved_by,
        used=way,
    )
