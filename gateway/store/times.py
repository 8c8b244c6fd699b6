"""Times that are not from our clock: the database server's, and those in the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, union_all

from gateway.store.audit import UNNUMBERED
from gateway.store.engine import Database, Dialect
from gateway.store.tables import audit_checkpoints, audit_entries

_entry, _checkpoint = audit_entries.c, audit_checkpoints.c
_NEWEST = union_all(
    select(select(_entry.at).where(_entry.seq.is_not(None)).order_by(_entry.seq.desc()).limit(1).subquery().c.at),
    select(select(_entry.at).where(UNNUMBERED).order_by(_entry.id.desc()).limit(1).subquery().c.at),
    select(select(_checkpoint.at).order_by(_checkpoint.size.desc()).limit(1).subquery().c.at),
)
"""The last of each by its index."""


class StoredTimes:
    """Implements :class:`gateway.core.ports.times.Times`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def server(self) -> datetime | None:
        """As the port says: SQLite reads the clock of our own host."""
        if self._database.dialect is not Dialect.POSTGRESQL:
            return None
        async with self._database.glance() as connection:
            said: datetime | None = await connection.scalar(select(func.clock_timestamp()))
        return said

    async def newest(self) -> datetime | None:
        async with self._database.read() as connection:
            found = (await connection.scalars(_NEWEST)).all()
        return max(found, default=None)
