"""Which notices of a key's end were given."""

from __future__ import annotations

from datetime import datetime

from gateway.core.model import AuditEntry
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import key_notices


class StoredKeyNotices:
    """Implements :class:`gateway.core.ports.key_notices.KeyNotices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, key: str, days: int, at: datetime, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            statement = upsert(connection, key_notices).values(key=key, days=days, at=at)
            given = await connection.execute(statement.on_conflict_do_nothing())
            if not given.rowcount:
                return False
            await write_entries(connection, [entry])
            return True
