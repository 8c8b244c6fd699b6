"""Alarms of deadlines, each given once."""

from __future__ import annotations

from datetime import datetime

from gateway.core.model import AuditEntry
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import alarms


async def give(database: Database, about: str, stage: str, at: datetime, entry: AuditEntry) -> bool:
    """Write the entry of an alarm about an object. False when it was given before, by whichever process; then nothing
    is written."""
    async with database.write() as connection:
        statement = upsert(connection, alarms).values(object=about, stage=stage, at=at)
        if not (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
            return False
        await write_entries(connection, [entry])
        return True
