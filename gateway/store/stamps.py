"""Time stamps of checkpoints."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from gateway.core.ports.stamps import Stamp
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.tables import audit_timestamps


class StoredStamps:
    """Implements :class:`gateway.core.ports.stamps.Stamps`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, stamp: Stamp) -> None:
        async with self._database.write() as connection:
            row = {"size": stamp.size, "at": stamp.at, "note": stamp.note, "token": stamp.token}
            await connection.execute(upsert(connection, audit_timestamps).values(row).on_conflict_do_nothing())

    async def get(self, size: int) -> Stamp | None:
        query = select(audit_timestamps).where(audit_timestamps.c.size == size)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _stamp(row)

    async def newest(self, limit: int) -> tuple[Stamp, ...]:
        query = select(audit_timestamps).order_by(audit_timestamps.c.size.desc()).limit(limit)
        async with self._database.read() as connection:
            return tuple(_stamp(row) for row in await connection.execute(query))


def _stamp(row: Row[Any]) -> Stamp:
    return Stamp(row.size, row.at, row.note, row.token)
