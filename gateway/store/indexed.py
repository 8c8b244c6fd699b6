"""Rows with blind indexes, by the key that these were made under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import AuditEntry, PartnerKey, RecordId
from gateway.core.people import Renewal
from gateway.core.ports.indexed import IndexedBody, Reindexed
from gateway.core.retention import HoldScope
from gateway.store.engine import Database
from gateway.store.renewing import renew
from gateway.store.rows import write_entries
from gateway.store.tables import audit_entries, deliveries, disclosed, holds, items, notices, records

_INDEXED = or_(records.c.case_index.is_not(None), records.c.persons.is_not(None))
_NEEDED = ((records, (_INDEXED,)), (notices, (notices.c.stands == 1, notices.c.renewed.is_(None))), (disclosed, ()))


class StoredIndexed:
    """Implements :class:`gateway.core.ports.indexed.IndexedRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self) -> Mapping[str | None, int]:
        found: Counter[str | None] = Counter()
        async with self._database.read() as connection:
            for table, conditions in _NEEDED:
                query = select(table.c.index_key, func.count()).where(*conditions).group_by(table.c.index_key)
                for key, count in await connection.execute(query):
                    found[key] += count
        return found

    async def unsure(self, active: str) -> int:
        query = select(holds.c.what).where(holds.c.scope == HoldScope.CASE.value, holds.c.released_at.is_(None))
        async with self._database.read() as connection:
            cases = {bytes.fromhex(one) for one in (await connection.execute(query)).scalars()}
            sure = select(records.c.case_index).where(records.c.case_index.in_(cases), records.c.index_key == active)
            return len(cases - {bytes(one) for one in (await connection.execute(sure)).scalars()})

    async def asked(self, before: datetime) -> int:
        told = (audit_entries.c.action == "query.asked", audit_entries.c.at < before)
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(audit_entries).where(*told)) or 0)

    async def bodies(self, active: str, after: RecordId | None, limit: int) -> Sequence[IndexedBody]:
        due = (_INDEXED, records.c.sealed.is_not(None), records.c.index_key.is_distinct_from(active))
        query = select(records.c.id, records.c.sender, records.c.sealed).where(*due, records.c.id > (after or ""))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(records.c.id).limit(limit))
            return [IndexedBody(RecordId(row.id), PartnerKey(row.sender), row.sealed) for row in rows]

    async def put(self, done: Sequence[Reindexed]) -> int:
        async with self._database.write() as connection:
            await renew(connection, [one.renewal for one in done])
            return sum([await _replaced(connection, one) for one in done])

    async def renew(self, renewals: Sequence[Renewal]) -> None:
        async with self._database.write() as connection:
            await renew(connection, renewals)

    async def forget(self, key: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(notices).where(notices.c.index_key == key))

    async def end(self, entry: AuditEntry) -> None:
        async with self._database.write() as connection:
            await write_entries(connection, [entry])


async def _replaced(connection: AsyncConnection, one: Reindexed) -> int:
    """The record, and the lanes of what was delivered of it, which nobody waits for."""
    alive = (records.c.id == one.id, records.c.sealed.is_not(None))
    values = {"case_index": one.case, "persons": one.persons, "index_key": one.renewal.key}
    changed = await connection.execute(update(records).where(*alive).values(values))
    if changed.rowcount and one.renewal.cases:
        carried = exists().where(items.c.record == one.id, items.c.delivery == deliveries.c.id)
        lanes = update(deliveries).where(carried, deliveries.c.lane == bindparam("old")).values(lane=bindparam("new"))
        await connection.execute(lanes, [{"old": old, "new": new} for old, new in one.renewal.cases])
    return changed.rowcount
