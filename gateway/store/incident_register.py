"""The register of incidents."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.incident import Data
from gateway.core.incident_clock import Opened
from gateway.core.model import AuditEntry
from gateway.store.alarms import give
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import write_entries
from gateway.store.tables import incidents, incidents_told

_INCIDENTS = Insertion(incidents)


class StoredIncidentRegister:
    """Implements :class:`gateway.core.ports.incidents.IncidentRegister`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, incident: Opened, entry: AuditEntry) -> None:
        row = {name: getattr(incident, name) for name in _INCIDENTS.names} | {"data": " ".join(sorted(incident.data))}
        async with self._database.write() as connection:
            await _INCIDENTS.write(connection, [row])
            await write_entries(connection, [entry])

    async def list(self, *, closed: bool = False) -> tuple[Opened, ...]:
        query = select(incidents).order_by(incidents.c.discovered_at.desc(), incidents.c.id.desc())
        if not closed:
            query = query.where(incidents.c.closed_at.is_(None))
        done: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            told = select(incidents_told).join(incidents, incidents.c.id == incidents_told.c.incident)
            for row in await connection.execute(told if closed else told.where(incidents.c.closed_at.is_(None))):
                done[row.incident][row.duty] = row.at
        return tuple(_opened(row, done[row.id]) for row in rows)

    async def tell(self, incident: str, duty: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            if not await _is_open(connection, incident):
                return False
            new = upsert(connection, incidents_told).values(incident=incident, duty=duty, at=at, told_by=by)
            if not (await connection.execute(new.on_conflict_do_nothing())).rowcount:
                return False
            await write_entries(connection, [entry])
            return True

    async def close(self, incident: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        change = update(incidents).where(incidents.c.id == incident, incidents.c.closed_at.is_(None))
        async with self._database.write() as connection:
            if (await connection.execute(change.values(closed_at=at, closed_by=by))).rowcount != 1:
                return False
            await write_entries(connection, [entry])
            return True

    async def alarm(self, incident: str, stage: str, at: datetime, entry: AuditEntry) -> bool:
        return await give(self._database, f"incident:{incident}", stage, at, entry)


async def _is_open(connection: AsyncConnection, incident: str) -> bool:
    query = select(incidents.c.id).where(incidents.c.id == incident, incidents.c.closed_at.is_(None))
    return await connection.scalar(query) is not None


def _opened(row: Row[Any], told: dict[str, datetime]) -> Opened:
    return Opened(
        id=row.id,
        discovered_at=row.discovered_at,
        about=row.about,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        partner=row.partner,
        data=frozenset(Data(one) for one in row.data.split()),
        told=told,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
