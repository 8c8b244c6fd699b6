"""What waits in the store, for admission control: few rows, by index, asked for every other second at most."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, func, select

from gateway.core.admission import Owed
from gateway.core.model import DeliveryState, PartnerKey, SubmissionState
from gateway.store.engine import Database
from gateway.store.tables import deliveries, submissions
from gateway.store.walks import delivery_open

_PENDING = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.lane.is_(None))
_OWED = (
    select(
        deliveries.c.partner,
        func.min(case((_PENDING, deliveries.c.due_at)), type_=deliveries.c.due_at.type).label("oldest"),
        func.sum(case((deliveries.c.state == DeliveryState.CLAIMED.value, 1), else_=0)).label("claimed"),
    )
    .where(delivery_open(), deliveries.c.state.in_([DeliveryState.PENDING.value, DeliveryState.CLAIMED.value]))
    .group_by(deliveries.c.partner)
)
_UNJUDGED = (
    select(submissions.c.received_at)
    # Not those that somebody has begun: one that takes hours, or fails again and again, must close the door to nobody.
    .where(submissions.c.state == SubmissionState.RECEIVED.value, submissions.c.lease_owner.is_(None))
    .order_by(submissions.c.received_at)
    .limit(1)
)


class StoredWaits:
    """Implements :class:`gateway.core.ports.admission.Waits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owed(self) -> tuple[Owed, ...]:
        async with self._database.glance() as connection:
            rows = (await connection.execute(_OWED)).all()
        return tuple(
            Owed(PartnerKey(row.partner), row.oldest, int(row.claimed)) for row in rows if row.oldest is not None
        )

    async def unjudged_since(self) -> datetime | None:
        async with self._database.glance() as connection:
            found: datetime | None = await connection.scalar(_UNJUDGED)
        return found
