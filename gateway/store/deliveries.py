"""Deliveries as the relay, the dispatcher and the scheduler see them: due, claimed, settled, gathered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from gateway.core.causes import PROCESS_DIED
from gateway.core.model import (
    AuditEntry,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Fault,
    Kind,
    PartnerKey,
    Settlement,
)
from gateway.core.ports.deliveries import Gathering
from gateway.store.bulk import among, upsert
from gateway.store.claiming import lease, lease_at_once
from gateway.store.engine import Database, Dialect
from gateway.store.lanes import first_in_lane, not_overtaking
from gateway.store.prepared import moment
from gateway.store.rows import delivery_row, write_entries
from gateway.store.settling import fits, settle, settle_at_once
from gateway.store.tables import deliveries, items, numbers
from gateway.store.walks import delivery_in

LONGEST_SILENCE = timedelta(hours=1)
"""What has waited for hours is announced again after this; dispatchers find it by themselves as well."""
_PENDING = and_(*delivery_in(DeliveryState.PENDING))


class StoredDeliveries:
    """Implements :class:`gateway.core.ports.deliveries.Deliveries`.

    Rows are picked under a lock and then changed by joining their key alone: a further condition would let the planner
    look every row up in a partial index instead, which takes quadratic time while its statistics are old.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, again_at: datetime, limit: int) -> tuple[tuple[PartnerKey, DeliveryId], ...]:
        picked = (
            select(deliveries.c.id)
            .where(_PENDING, deliveries.c.announce_at <= now, deliveries.c.due_at <= now)
            .order_by(deliveries.c.announce_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("picked")
        )
        async with self._database.write() as connection:
            rows = await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == picked.c.id)
                .values(announce_at=_repeat(now, again_at))
                .returning(deliveries.c.partner, deliveries.c.id)
            )
            found = sorted((row.id, row.partner) for row in rows)
        return tuple((PartnerKey(partner), DeliveryId(id_)) for id_, partner in found)

    async def owing(self) -> tuple[PartnerKey, ...]:
        """As the port says. From partner to partner by the index, however many deliveries each has."""
        partner = deliveries.c.partner
        found = select(func.min(partner).label("partner")).where(_PENDING).cte("found", recursive=True)
        after = select(func.min(partner)).where(_PENDING, partner > found.c.partner).scalar_subquery()
        found = found.union_all(select(after).where(found.c.partner.is_not(None)))
        async with self._database.read() as connection:
            keys = await connection.scalars(select(found.c.partner).where(found.c.partner.is_not(None)))
            return tuple(PartnerKey(key) for key in keys)

    async def waiting(self, partner: PartnerKey, now: datetime, limit: int, skip: int) -> tuple[DeliveryId, ...]:
        candidate = deliveries.alias("candidate")
        query = (
            select(candidate.c.id)
            .where(
                *delivery_in(DeliveryState.PENDING, candidate),
                candidate.c.partner == partner,
                candidate.c.due_at <= now,
                first_in_lane(candidate),
            )
            .order_by(candidate.c.id)
            .limit(limit)
            .offset(skip)
        )
        async with self._database.read() as connection:
            return tuple(DeliveryId(id_) for id_ in await connection.scalars(query))

    async def sizes(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, int]:
        async with self._database.glance() as connection:
            sized = select(deliveries.c.id, deliveries.c.records)
            rows = await connection.execute(sized.where(among(connection, deliveries.c.id, ids), _PENDING))
            return {DeliveryId(row.id): row.records for row in rows}

    async def claim(self, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime) -> tuple[Claimed, ...]:
        if not ids:
            return ()
        if self._database.dialect is Dialect.POSTGRESQL:
            async with self._database.at_once() as connection:
                leased = await lease_at_once(connection, ids, owner, now, until)
        else:
            async with self._database.write() as connection:
                leased = await lease(connection, ids, owner, now, until)
        return tuple(leased[id_] for id_ in dict.fromkeys(ids) if id_ in leased)

    async def settle(self, settlements: Sequence[Settlement], entries: Sequence[AuditEntry]) -> tuple[DeliveryId, ...]:
        if not settlements:
            return ()
        if self._database.dialect is Dialect.POSTGRESQL and fits(settlements, entries):
            async with self._database.at_once() as connection:
                return await settle_at_once(connection, settlements, entries)
        async with self._database.write() as connection:
            return await settle(connection, settlements, entries)

    async def defer(self, ids: Sequence[DeliveryId], until: datetime) -> None:
        if not ids:
            return
        async with self._database.write() as connection:
            waiting = _unlocked(among(connection, deliveries.c.id, ids), _PENDING)
            await connection.execute(
                update(deliveries).where(deliveries.c.id == waiting.c.id).values(announce_at=until)
            )

    async def renew(self, ids: Sequence[DeliveryId], owner: str, until: datetime) -> tuple[DeliveryId, ...]:
        if not ids:
            return ()
        claimed = deliveries.c.state == DeliveryState.CLAIMED.value
        async with self._database.write() as connection:
            held = _unlocked(among(connection, deliveries.c.id, ids), claimed, deliveries.c.lease_owner == owner)
            rows = await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == held.c.id)
                .values(lease_until=until)
                .returning(deliveries.c.id)
            )
            return tuple(DeliveryId(id_) for id_ in rows.scalars())

    async def release_expired(self, now: datetime) -> int:
        claimed = deliveries.c.state == DeliveryState.CLAIMED.value
        expired = _unlocked(claimed, deliveries.c.lease_until <= now)
        unknown = deliveries.c.digest.is_(None)  # the partner may have what nobody has written down
        marked = {
            "cause": case((unknown, PROCESS_DIED), else_=deliveries.c.cause),
            "fault": case((unknown, Fault.GATEWAY.value), else_=deliveries.c.fault),
        }
        async with self._database.write() as connection:
            released = await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == expired.c.id)
                .values(
                    state=DeliveryState.PENDING.value, announce_at=now, lease_owner=None, lease_until=None, **marked
                )
                .returning(deliveries.c.id)
            )
            return len(released.all())

    async def gather(
        self,
        partner: PartnerKey,
        sender: PartnerKey,
        kind: Kind,
        delivery: Delivery,
        limit: int,
        entries: Sequence[AuditEntry],
        *,
        by_case: bool = False,
    ) -> int:
        """As the port says; items of another agreement than ``delivery.agreement`` stay for a delivery of their own."""
        of = not_overtaking(lambda table: table.c.partner == partner).c if by_case else items.c
        waits = () if by_case else (of.delivery.is_(None), of.partner == partner)
        offered = (
            select(of.record, of.partner)
            .where(*waits, of.sender == sender, of.kind == kind, of.agreement == delivery.agreement)
            .order_by(of.record)
            .limit(limit)
        )
        picked = _locked(offered.cte("offered")) if by_case else offered.with_for_update(skip_locked=True).cte("picked")
        async with self._database.write() as connection:
            taken = await connection.execute(
                update(items)
                .where(items.c.record == picked.c.record, items.c.partner == picked.c.partner)
                .values(delivery=delivery.id)
                .returning(items.c.record)
            )
            # SQLite's driver counts no rows of a statement that begins with WITH.
            count = len(taken.all())
            if not count:
                return 0
            number = await _next_number(connection, partner, sender, kind)
            made = replace(delivery, records=count, number=number)
            await connection.execute(insert(deliveries).values(**delivery_row(made, announce_at=made.due_at)))
            await write_entries(connection, entries)
            return count

    async def gathering(self, by_case: Collection[PartnerKey] = ()) -> tuple[Gathering, ...]:
        """As the port says, and by agreement: a delivery belongs to one agreement."""
        in_order = not_overtaking(lambda table: table.c.partner.in_(by_case))
        others = (items.c.delivery.is_(None), items.c.partner.not_in(by_case))
        async with self._database.read() as connection:
            rows = list(await connection.execute(_counted(items.c).where(*others)))
            rows += await connection.execute(_counted(in_order.c)) if by_case else ()
        return tuple(
            Gathering(PartnerKey(r.partner), PartnerKey(r.sender), Kind(r.kind), r.agreement, r.waiting, r.oldest)
            for r in sorted(rows)
        )


def _locked(offered: CTE) -> CTE:
    """Those of the items that nobody else takes meanwhile. They are found by their key alone, as everything is that was
    picked, and looked at again once they are locked."""
    same = and_(items.c.record == offered.c.record, items.c.partner == offered.c.partner)
    found = select(items.c.record, items.c.partner, items.c.delivery).join_from(offered, items, same)
    locked = found.with_for_update(of=items, skip_locked=True).cte("locked")
    return select(locked.c.record, locked.c.partner).where(locked.c.delivery.is_(None)).cte("picked")


def _counted(item: ReadOnlyColumnCollection[str, Any]) -> Select[Any]:
    by = (item.partner, item.sender, item.kind, item.agreement)
    return select(*by, func.count().label("waiting"), func.min(item.owed_at).label("oldest")).group_by(*by)


def _repeat(now: datetime, again_at: datetime) -> ColumnElement[int]:
    """When a delivery is announced again: twice as late each time, at last every :data:`LONGEST_SILENCE`."""
    due = type_coerce(deliveries.c.due_at, BigInteger)
    at, again, latest = _micros(now), _micros(again_at), _micros(now + LONGEST_SILENCE)
    return case((2 * at - due > latest, latest), (2 * at - due > again, 2 * at - due), else_=again)


def _micros(at: datetime) -> ColumnElement[int]:
    return literal(moment(at), BigInteger)


def _unlocked(*conditions: ColumnElement[bool]) -> CTE:
    """Ids that meet the conditions and that no other transaction is just changing: nobody waits, nobody deadlocks."""
    return select(deliveries.c.id).where(*conditions).with_for_update(skip_locked=True).cte("picked")


async def _next_number(connection: AsyncConnection, partner: PartnerKey, sender: PartnerKey, kind: Kind) -> int:
    """The next running number; the row lock keeps concurrent deliveries of one triple apart."""
    first = upsert(connection, numbers).values(partner=partner, sender=sender, kind=kind, last=1)
    statement = first.on_conflict_do_update(
        index_elements=["partner", "sender", "kind"], set_={"last": numbers.c.last + 1}
    ).returning(numbers.c.last)
    return int((await connection.execute(statement)).scalar_one())
