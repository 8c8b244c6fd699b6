"""Changes of the family violence indicator on their way to the federal case registry. The mark is a word of the bearing
of the record; an index over the records that have it keeps this cheap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, text

from gateway.core.danger_clock import Change
from gateway.core.model import AuditEntry, DeliveryId, DeliveryState, PartnerKey, RecordId, RecordState
from gateway.store.alarms import give
from gateway.store.engine import Database
from gateway.store.tables import deliveries, items, records

_TURNS = text("records.bearing LIKE '%danger-change%'")
"""As the index ``records_of_danger`` has it, so that it serves."""
_ENDED = (DeliveryState.DELIVERED.value, DeliveryState.WITHDRAWN.value)


class StoredDangerChanges:
    """Implements :class:`gateway.core.ports.danger_changes.DangerChanges`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unsent(self, since: datetime) -> tuple[Change, ...]:
        query = (
            select(
                records.c.id,
                records.c.sender,
                records.c.received_at,
                records.c.state,
                records.c.reason,
                deliveries.c.id.label("delivery"),
                deliveries.c.state.label("where"),
                deliveries.c.cause,
            )
            .select_from(records)
            .outerjoin(items, items.c.record == records.c.id)
            .outerjoin(deliveries, deliveries.c.id == items.c.delivery)
            .where(_TURNS, records.c.received_at >= since)
            .where(or_(deliveries.c.id.is_(None), deliveries.c.state.not_in(_ENDED)))
            .order_by(records.c.received_at, records.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Change(
                record=RecordId(row.id),
                sender=PartnerKey(row.sender),
                received_at=row.received_at,
                where=row.where or ("gathering" if row.state == RecordState.ROUTED.value else row.state),
                cause=row.cause or row.reason,
                delivery=None if row.delivery is None else DeliveryId(row.delivery),
            )
            for row in rows
        )

    async def waiting(self) -> frozenset[tuple[str, str, str]]:
        query = (
            select(items.c.partner, items.c.sender, items.c.agreement)
            .select_from(records)
            .join(items, items.c.record == records.c.id)
            .where(_TURNS, items.c.delivery.is_(None))
            .distinct()
        )
        async with self._database.read() as connection:
            return frozenset((row.partner, row.sender, row.agreement) for row in await connection.execute(query))

    async def alarm(self, record: RecordId, stage: str, at: datetime, entry: AuditEntry) -> bool:
        return await give(self._database, f"record:{record}", stage, at, entry)
