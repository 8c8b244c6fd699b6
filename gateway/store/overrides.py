"""Orders of courts: entered with the permission of two people, used up once, in memory by their revision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core import disclosure
from gateway.core.court_orders import Standing, stands
from gateway.core.disclosure import Override, Way
from gateway.core.four_eyes import Act
from gateway.core.model import AuditEntry, DeliveryId, DeliveryState, PartnerKey, RecordId, RecordState
from gateway.core.people import unpacked
from gateway.core.ports.approvals import Spent
from gateway.core.ports.overrides import Kept
from gateway.store.approvals import spend
from gateway.store.bulk import among
from gateway.store.engine import Database
from gateway.store.revisions import grow
from gateway.store.rows import write_entries
from gateway.store.tables import audit_entries, deliveries, items, overrides, records
from gateway.store.walks import delivery_in, record_in

DANGER = tuple(sorted(reason.value for reason in disclosure.DANGER))
"""Why something is kept that an order can let go."""
_UNDER_WAY = (DeliveryState.CLAIMED.value, DeliveryState.WAITING.value)
KEPT = (DeliveryState.HELD, DeliveryState.WITHHELD)
"""States of deliveries that stay here."""
_CAME_TO_NOTHING = tuple(state.value for state in (*KEPT, DeliveryState.DEAD, DeliveryState.WITHDRAWN))
UNDELIVERED = "override.undelivered"
_ORDER, _DELIVERY = overrides.c, deliveries.c


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

    async def spend(self, orders: Sequence[Override], way: Way, at: datetime, entries: Sequence[AuditEntry]) -> bool:
        day, ids = at.date().isoformat(), [one.id for one in orders]
        going = exists().where(deliveries.c.id == way.delivery, deliveries.c.state.in_(_UNDER_WAY))
        good = (_ORDER.id.in_(ids), _ORDER.ordered_on <= day, _ORDER.expires_on >= day, going)
        mine = select(_ORDER.id).where(*good, _ORDER.delivery == way.delivery, _ORDER.record == way.record)
        free = (*good, _ORDER.delivery.is_(None))
        async with self._database.write() as connection:
            had = set(await connection.scalars(mine))
            if len(had) == len(ids):
                return True
            revision = await grow(connection)  # From here on nobody else uses an order up.
            had = set(await connection.scalars(mine))
            left = set(await connection.scalars(select(_ORDER.id).where(*free)))
            if len(had | left) < len(ids):
                return False
            values = {"delivery": way.delivery, "record": way.record, "used_at": at, "revision": revision}
            await connection.execute(update(overrides).where(*free).values(values))
            await write_entries(connection, [entry for one, entry in zip(ids, entries, strict=True) if one in left])
        return True

    async def tell_undelivered(self, told: Callable[[Override, DeliveryState], AuditEntry]) -> tuple[Override, ...]:
        known = exists().where(
            audit_entries.c.object == literal("delivery:").concat(_ORDER.delivery),
            audit_entries.c.action == UNDELIVERED,
            # Of another order by which the same delivery failed before it says nothing. Details that retention has
            # destroyed name none.
            or_(audit_entries.c.details.contains(_ORDER.id), audit_entries.c.salt == b""),
        )
        ended = (
            select(overrides, deliveries.c.state)
            .join(deliveries, deliveries.c.id == _ORDER.delivery)
            .where(deliveries.c.state.in_(_CAME_TO_NOTHING), ~known)
            .order_by(_ORDER.id)
        )
        async with self._database.read() as connection:
            if (await connection.execute(ended.limit(1))).first() is None:
                return ()
        async with self._database.write() as connection:
            rows = (await connection.execute(ended)).all()
            orders = [_order(row) for row in rows]
            await write_entries(
                connection, [told(one, DeliveryState(row.state)) for one, row in zip(orders, rows, strict=True)]
            )
        return tuple(orders)

    async def since(self, revision: int) -> tuple[Override, ...]:
        return await self._found(select(overrides).where(overrides.c.revision > revision).order_by(overrides.c.id))

    async def get(self, order: str) -> Override | None:
        found = await self._found(select(overrides).where(_ORDER.id == order))
        return found[0] if found else None

    async def list(self, limit: int) -> tuple[Override, ...]:
        return await self._found(select(overrides).order_by(overrides.c.id.desc()).limit(limit))

    async def states(self, deliveries: Collection[DeliveryId]) -> Mapping[DeliveryId, DeliveryState]:
        if not deliveries:
            return {}
        async with self._database.read() as connection:
            query = select(_DELIVERY.id, _DELIVERY.state).where(among(connection, _DELIVERY.id, sorted(deliveries)))
            return {DeliveryId(row.id): DeliveryState(row.state) for row in await connection.execute(query)}

    async def counts(self, day: date) -> Mapping[Standing, int]:
        alike = (
            select(_ORDER.delivery.is_not(None).label("used"), _DELIVERY.state, _ORDER.expires_on, func.count())
            .outerjoin(deliveries, _DELIVERY.id == _ORDER.delivery)
            .group_by(_ORDER.delivery.is_not(None), _DELIVERY.state, _ORDER.expires_on)
        )
        found = dict.fromkeys(Standing, 0)
        async with self._database.read() as connection:
            for used, state, last, count in await connection.execute(alike):
                known = None if state is None else DeliveryState(state)
                found[stands(day, date.fromisoformat(last), used=bool(used), state=known)] += count
        return found

    async def used_by(self, delivery: DeliveryId) -> tuple[Override, ...]:
        return await self._found(select(overrides).where(_ORDER.delivery == delivery).order_by(_ORDER.id))

    async def used_for(self, record: RecordId) -> tuple[Override, ...]:
        return await self._found(select(overrides).where(_ORDER.record == record).order_by(_ORDER.id))

    async def kept(self, order: Override) -> Kept:
        """As the port says. Whose blind indexes a record has is looked at here: they lie packed in one value."""
        withheld = select(records.c.id, records.c.persons, records.c.id.label("record")).where(
            *record_in(RecordState.WITHHELD),
            records.c.reason.in_(DANGER),
            or_(records.c.persons.is_not(None), records.c.id == order.request),
        )
        held = (
            select(deliveries.c.id, records.c.persons, records.c.id.label("record"))
            .join(items, items.c.delivery == deliveries.c.id)
            .join(records, records.c.id == items.c.record)
            .where(or_(*(and_(*delivery_in(state)) for state in KEPT)), deliveries.c.cause.in_(DANGER))
        )
        async with self._database.read() as connection:
            found = await _naming(connection, order, withheld.order_by(records.c.id))
            carrying = await _naming(connection, order, held.order_by(deliveries.c.id))
        return Kept(tuple(map(RecordId, found)), tuple(map(DeliveryId, carrying)))

    async def _found(self, query: Select[Any]) -> tuple[Override, ...]:
        async with self._database.read() as connection:
            return tuple([_order(row) for row in await connection.execute(query)])


async def _naming(connection: AsyncConnection, order: Override, query: Select[Any]) -> Sequence[str]:
    """The ids of the rows whose record the order may be about, each once."""
    rows = await connection.stream(query)
    mine = [row.id async for row in rows if row.record == order.request or order.person in unpacked(row.persons)]
    return list(dict.fromkeys(mine))


def _row(order: Override) -> dict[str, object]:
    return {
        "id": order.id,
        "request": order.request,
        "person": order.person,
        "court": order.court,
        "recipient": order.recipient,
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
        recipient=PartnerKey(row.recipient),
        ordered_on=date.fromisoformat(row.ordered_on),
        expires_on=date.fromisoformat(row.expires_on),
        requested_by=row.requested_by,
        approved_by=row.approved_by,
        used=way,
    )
