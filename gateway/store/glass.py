"""Uses of the broken glass, each the task of its review."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Update, select, update

from gateway.core.glass import GLASS, Emergency, Opened, Review, Use, Verdict
from gateway.core.model import AuditEntry
from gateway.store.alarms import give
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.rows import details_from, write_entries
from gateway.store.tables import audit_entries, glass_uses

_USE = glass_uses.c
_MOST = 500
"""Uses that are listed."""


class StoredGlass:
    """Implements :class:`gateway.core.ports.glass.GlassStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, use: Use, entry: AuditEntry) -> bool:
        """As the port says. The index on uses that are not ended is the judge when two are begun at once."""
        row = {
            "id": use.id,
            "operator": use.operator,
            "role": use.role,
            "emergency": use.emergency.value,
            "reason": use.reason,
            "login_at": use.login_at,
            "broken_at": use.broken_at,
            "until": use.until,
            "review_by": use.review_by,
        }
        async with self._database.write() as connection:
            new = upsert(connection, glass_uses).values(row).on_conflict_do_nothing()
            if not (await connection.execute(new)).rowcount:
                return False
            await write_entries(connection, [entry])
            return True

    async def get(self, use: str) -> Use | None:
        found = await self._all(select(glass_uses).where(_USE.id == use))
        return found[0] if found else None

    async def unended(self, operator: str | None = None) -> tuple[Use, ...]:
        query = select(glass_uses).where(_USE.ended_at.is_(None))
        if operator is not None:
            query = query.where(_USE.operator == operator)
        return await self._all(query.order_by(_USE.id))

    async def list(self, *, reviewed: bool) -> tuple[Use, ...]:
        query = select(glass_uses).order_by(_USE.id.desc()).limit(_MOST)
        if not reviewed:
            query = query.where(_USE.reviewed_at.is_(None))
        return await self._all(query)

    async def follow(self, operator: str, before: datetime, after: datetime) -> None:
        open_ = (_USE.operator == operator, _USE.login_at == before, _USE.ended_at.is_(None))
        async with self._database.write() as connection:
            await connection.execute(update(glass_uses).where(*open_).values(login_at=after))

    async def end(self, use: str, at: datetime, entry: AuditEntry) -> bool:
        change = update(glass_uses).where(_USE.id == use, _USE.ended_at.is_(None)).values(ended_at=at)
        return await self._changed(change, entry)

    async def review(self, use: str, review: Review, entry: AuditEntry) -> bool:
        over = (_USE.ended_at.is_not(None), _USE.reviewed_at.is_(None), _USE.operator != review.by)
        values = {"reviewed_by": review.by, "reviewed_at": review.at, "verdict": review.verdict, "note": review.note}
        return await self._changed(update(glass_uses).where(_USE.id == use, *over).values(values), entry)

    async def alarm(self, use: str, stage: str, at: datetime, entry: AuditEntry) -> bool:
        return await give(self._database, f"{GLASS}:{use}", stage, at, entry)

    async def opened(self, use: str) -> tuple[Opened, ...]:
        entry = audit_entries.c
        query = (
            select(entry.at, entry.outcome, entry.details)
            .where(entry.object == f"{GLASS}:{use}", entry.action == "glass.opened")
            .order_by(entry.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Opened(row.at, str(details_from(row.details)["record"]), row.outcome) for row in rows)

    async def _all(self, query: Select[Any]) -> tuple[Use, ...]:
        async with self._database.read() as connection:
            return tuple(_use(row) for row in await connection.execute(query))

    async def _changed(self, change: Update, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            if (await connection.execute(change)).rowcount != 1:
                return False
            await write_entries(connection, [entry])
            return True


def _use(row: Row[Any]) -> Use:
    reviewed = row.reviewed_at is not None
    return Use(
        id=row.id,
        operator=row.operator,
        role=row.role,
        emergency=Emergency(row.emergency),
        reason=row.reason,
        login_at=row.login_at,
        broken_at=row.broken_at,
        until=row.until,
        review_by=row.review_by,
        ended_at=row.ended_at,
        review=Review(row.reviewed_by, row.reviewed_at, Verdict(row.verdict), row.note) if reviewed else None,
    )
