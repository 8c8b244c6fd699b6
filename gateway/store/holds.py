"""Legal holds, and the register of extracts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from gateway.core.extract import Extract
from gateway.core.model import AuditEntry
from gateway.core.retention import Hold, HoldScope
from gateway.store.bulk import one_at_a_time
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import write_entries
from gateway.store.tables import extracts, holds

_HOLDS = Insertion(holds)
_EXTRACTS = Insertion(extracts)


class StoredHolds:
    """Implements :class:`gateway.core.ports.retention.Holds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, hold: Hold, entry: AuditEntry) -> Hold:
        row = {
            "id": hold.id,
            "scope": hold.scope.value,
            "what": hold.what,
            "reason": hold.reason,
            "set_by": hold.set_by,
            "set_at": hold.set_at,
            "released_by": hold.released_by,
            "released_at": hold.released_at,
        }
        alike = [holds.c[name] == row[name] for name in ("scope", "what", "reason", "set_by")]
        before = select(holds).where(holds.c.released_at.is_(None), *alike).order_by(holds.c.id).limit(1)
        async with self._database.write() as connection:
            await one_at_a_time(connection, "hold")
            found = (await connection.execute(before)).one_or_none()
            if found is not None:
                return _hold(found)
            await _HOLDS.write(connection, [row])
            await write_entries(connection, [entry])
        return hold

    async def release(self, hold: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        change = update(holds).where(holds.c.id == hold, holds.c.released_at.is_(None))
        async with self._database.write() as connection:
            done = (await connection.execute(change.values(released_by=by, released_at=at))).rowcount == 1
            if done:
                await write_entries(connection, [entry])
        return done

    async def list(self, *, released: bool = False) -> tuple[Hold, ...]:
        query = select(holds).order_by(holds.c.set_at.desc(), holds.c.id.desc())
        if not released:
            query = query.where(holds.c.released_at.is_(None))
        async with self._database.read() as connection:
            return tuple(_hold(row) for row in await connection.execute(query))


class StoredExtracts:
    """Implements :class:`gateway.core.ports.retention.Extracts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, extract: Extract, entry: AuditEntry) -> None:
        row = {name: getattr(extract, name) for name in _EXTRACTS.names}
        async with self._database.write() as connection:
            await _EXTRACTS.write(connection, [row])
            await write_entries(connection, [entry])

    async def erased(self, extract: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        change = update(extracts).where(extracts.c.id == extract, extracts.c.erased_at.is_(None))
        async with self._database.write() as connection:
            done = (await connection.execute(change.values(erased_by=by, erased_at=at))).rowcount == 1
            if done:
                await write_entries(connection, [entry])
        return done

    async def list(self, *, erased: bool = False) -> tuple[Extract, ...]:
        query = select(extracts).order_by(extracts.c.erase_by, extracts.c.id)
        if not erased:
            query = query.where(extracts.c.erased_at.is_(None))
        async with self._database.read() as connection:
            return tuple(_extract(row) for row in await connection.execute(query))

    async def overdue(self, now: datetime) -> int:
        query = select(func.count()).select_from(extracts)
        async with self._database.read() as connection:
            late = query.where(extracts.c.erased_at.is_(None), extracts.c.erase_by <= now)
            return int(await connection.scalar(late) or 0)


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        scope=HoldScope(row.scope),
        what=row.what,
        reason=row.reason,
        set_by=row.set_by,
        set_at=row.set_at,
        released_by=row.released_by,
        released_at=row.released_at,
    )


def _extract(row: Row[Any]) -> Extract:
    return Extract(**{name: getattr(row, name) for name in _EXTRACTS.names})
