"""One process at a time does a job that must not run twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_

from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.tables import leases


class StoredLeases:
    """Implements :class:`gateway.core.ports.health.Leases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take or renew. False while somebody else's lease has not ended."""
        async with self._database.write() as connection:
            statement = upsert(connection, leases).values(name=name, owner=owner, until=until)
            taken = statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"owner": owner, "until": statement.excluded.until},
                where=or_(leases.c.owner == owner, leases.c.until <= now),
            )
            return (await connection.execute(taken.returning(leases.c.name))).one_or_none() is not None

    async def release(self, name: str, owner: str) -> None:
        """Nothing happens when the lease is not ``owner``'s."""
        async with self._database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
