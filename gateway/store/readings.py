"""What operators read, out of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from gateway.core.glass import GLASS
from gateway.core.model import Actor
from gateway.core.reading_review import OWN_NAME, OwnName, Reading
from gateway.store.audit import written_since
from gateway.store.engine import Database
from gateway.store.rows.entry import details_from
from gateway.store.tables import audit_entries

_PREFIX = "record:"


class StoredReadings:
    """Implements :class:`gateway.core.ports.readings.Readings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, begin: datetime) -> tuple[Reading, ...]:
        entry = audit_entries.c
        query = (
            select(entry.actor, entry.at, entry.object, entry.outcome, entry.details)
            .where(*written_since(begin))
            .where(entry.action == "record.read", entry.actor.like("operator:%"))
            .order_by(entry.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Reading(
                actor=Actor.parse(row.actor),
                at=row.at,
                record=row.object.removeprefix(_PREFIX),
                outcome=row.outcome,
                own_name=OwnName(str(details.get(OWN_NAME, OwnName.UNKNOWN))),
                broken_glass=GLASS in details,
            )
            for row, details in ((row, details_from(row.details)) for row in rows)
        )
