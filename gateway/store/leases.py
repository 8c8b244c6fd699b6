"""One process at a time does a job that must not run twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select

from gateway.core.ports.health import Share
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

    async def among(self, role: str, owner: str, now: datetime, until: datetime) -> Share:
        """As the port says. Those whose time is over are forgotten."""
        mine = {"name": f"{role}:{owner}", "owner": owner, "until": until}
        async with self._database.write() as connection:
            statement = upsert(connection, leases).values(mine)
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"until": until}))
            await connection.execute(delete(leases).where(_of(role), leases.c.until <= now))
            owners = list(await connection.scalars(select(leases.c.owner).where(_of(role)).order_by(leases.c.name)))
        return Share(owners.index(owner), len(owners))

    async def leave(self, role: str, owner: str) -> None:
        await self.release(f"{role}:{owner}", owner)


def _of(role: str) -> ColumnElement[bool]:
    """The leases of a role's processes, by the key of the table: ``;`` follows ``:``."""
    return (leases.c.name >= f"{role}:") & (leases.c.name < f"{role};")
