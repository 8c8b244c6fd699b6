"""Notices of danger about persons, by blind index; and what a delivery carries, for the disclosure guard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.apart import Parting
from gateway.core.model import AuditEntry, Claimed, DeliveryId, PartnerKey, RecordId
from gateway.core.protected import Notice, Standing
from gateway.store.apart import recall
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.revisions import REGISTER, grow, register_revision
from gateway.store.rows import cargo_from, delivery_from, write_entries
from gateway.store.tables import deliveries, items, notices, records, revisions

_UNTOLD = case((records.c.bearing.is_(None), records.c.sealed)).label("sealed")
"""The body of a record from before bearings were kept: it has to be read to know what it is."""
_NOTICES = Insertion(
    notices,
    conflict=(
        "ON CONFLICT (person, placed_by) DO UPDATE SET record = excluded.record, at = excluded.at,"
        " stands = excluded.stands, revision = excluded.revision, renewed = excluded.renewed"
    ),
)


async def write_notices(connection: AsyncConnection, placed: Iterable[Notice]) -> None:
    """Place notices, in the transaction of the records that say so. Of one person and partner the last counts."""
    last = {(one.person, one.placed_by): one for one in placed}
    if known := sorted({one.person for one in last.values() if one.known}):
        gone = await _taken_back(connection, known)
        repeated = [one for place, one in last.items() if one.known and place not in gone]
        await _hand_on(connection, repeated)
        last = {place: one for place, one in last.items() if not one.known or place in gone}
    if not last:
        return
    revision = await grow(connection)
    rows = [
        {
            "person": one.person,
            "placed_by": one.placed_by,
            "record": one.record,
            "at": one.at,
            "stands": 1,
            "revision": revision,
            "index_key": one.index_key,
            "renewed": one.renewed,
        }
        for _, one in sorted(last.items())
    ]
    await _NOTICES.write(connection, rows)


async def _taken_back(connection: AsyncConnection, persons: Sequence[bytes]) -> frozenset[tuple[bytes, PartnerKey]]:
    """Persons and partners whose notice does not stand. Behind the lock that whoever takes one back holds: a notice is
    taken back before this transaction, which then places it again, or after it."""
    await connection.execute(select(revisions.c.value).where(revisions.c.name == REGISTER).with_for_update())
    query = select(notices.c.person, notices.c.placed_by).where(notices.c.person.in_(persons), notices.c.stands == 0)
    return frozenset((bytes(row.person), PartnerKey(row.placed_by)) for row in await connection.execute(query))


async def _hand_on(connection: AsyncConnection, repeated: Sequence[Notice]) -> None:
    """What a later record says again is that record's from then on: whoever takes the word of the earlier one back has
    still said so since. Nothing changes for the guard, so the register keeps its revision."""
    place = (notices.c.person == bindparam("of"), notices.c.placed_by == bindparam("by"))
    mine = update(notices).where(*place, notices.c.record < bindparam("now")).values(record=bindparam("now"))
    rows = [{"of": one.person, "by": one.placed_by, "now": one.record} for one in repeated]
    if rows:
        await connection.execute(mine, rows)


class StoredNotices:
    """Implements :class:`gateway.core.ports.notices.Notices` and :class:`gateway.core.ports.protection.Carried`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revision(self) -> int:
        async with self._database.read() as connection:
            return await connection.scalar(select(register_revision())) or 0

    async def since(self, revision: int) -> tuple[int, tuple[Standing, ...]]:
        query = select(notices.c.person, notices.c.placed_by, notices.c.stands).where(notices.c.revision > revision)
        async with self._database.read() as connection:
            # First the revision: what is committed between the two statements is read again next time.
            newest = await connection.scalar(select(register_revision())) or 0
            rows = await connection.execute(query)
            found = tuple(Standing(bytes(row.person), PartnerKey(row.placed_by), bool(row.stands)) for row in rows)
        return newest, found

    async def lift(self, record: RecordId, placed_by: PartnerKey, entry: AuditEntry) -> int:
        """As the port says. A notice that a later record placed again is that record's."""
        async with self._database.write() as connection:
            placed = (notices.c.record == record, notices.c.placed_by == placed_by, notices.c.stands == 1)
            if await connection.scalar(select(notices.c.person).where(*placed).limit(1)) is None:
                return 0
            revision = await grow(connection)
            # While an index key is being replaced a notice may be there under both: it is one.
            lifted = update(notices).where(*placed).values(stands=0, revision=revision).returning(notices.c.renewed)
            persons = [one for one in (await connection.execute(lifted)).scalars() if one is None]
            await write_entries(connection, [entry])
            return len(persons)

    async def recall(self, delivery: DeliveryId, parting: Parting, now: datetime) -> bool:
        async with self._database.write() as connection:
            return await recall(connection, delivery, parting.apart, parting.entry, now)

    async def carried(self, delivery: DeliveryId) -> Claimed | None:
        cargo = (
            select(records.c.id, records.c.bearing, records.c.persons, records.c.received_at, _UNTOLD)
            .join_from(items, records, records.c.id == items.c.record)
            .where(items.c.delivery == delivery)
            .order_by(records.c.id)
        )
        async with self._database.read() as connection:
            found: Any = (
                await connection.execute(
                    select(deliveries, register_revision().label("register")).where(deliveries.c.id == delivery)
                )
            ).one_or_none()
            if found is None:
                return None
            rows = (await connection.execute(cargo)).all()
        bodies = tuple((RecordId(row.id), row.sealed) for row in rows if row.sealed is not None)
        return Claimed(delivery_from(found), bodies, tuple(cargo_from(row) for row in rows), found.register or 0)
