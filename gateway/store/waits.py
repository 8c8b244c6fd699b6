"""What waits in the store, for admission control: few rows, by index, asked for every other second at most."""

from __future__ import annotations

from sqlalchemy import and_, case, func, literal, select, true

from gateway.core.admission import Owed, Waiting
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
    .subquery("owed")
)
_UNJUDGED = (
    select(submissions.c.received_at)
    # Not those that somebody has begun: one that takes hours, or fails again and again, must close the door to nobody.
    .where(submissions.c.state == SubmissionState.RECEIVED.value, submissions.c.lease_owner.is_(None))
    .order_by(submissions.c.received_at)
    .limit(1)
)


_EVERYTHING = select(_UNJUDGED.scalar_subquery().label("unjudged_since"), _OWED).select_from(
    select(literal(1)).subquery("always").outerjoin(_OWED, true())
)
"""One row at least, whoever owes."""


class StoredWaits:
    """Implements :class:`gateway.core.ports.admission.Waits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self) -> Waiting:
        async with self._database.glance() as connection:
            rows = (await connection.execute(_EVERYTHING)).all()
        owed = (Owed(PartnerKey(row.partner), row.oldest, int(row.claimed)) for row in rows if row.oldest is not None)
        return Waiting(rows[0].unjudged_since, tuple(owed))
