"""Answers that were kept back because of danger and about which nothing was told yet."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import CompoundSelect, Text, and_, bindparam, exists, literal, or_, select, union_all

from gateway.core.model import Kind, RecordId, RecordState
from gateway.core.ports.prohibitions import TOLD
from gateway.store.engine import Database
from gateway.store.overrides import DANGER, KEPT
from gateway.store.tables import deliveries, items, records, submissions
from gateway.store.walks import delivery_in, record_in


class StoredProhibitions:
    """Implements :class:`gateway.core.ports.prohibitions.Prohibitions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def untold(self, kinds: AbstractSet[Kind], after: RecordId, limit: int) -> tuple[RecordId, ...]:
        # No LIMIT: for a few of the first by id a database walks all records, and of what is kept there is little.
        async with self._database.read() as connection:
            rows = await connection.execute(_UNTOLD, {"kinds": sorted(kinds), "after": after})
            found = {row.id for row in rows}
        return tuple(RecordId(one) for one in sorted(found)[:limit])


def _untold() -> CompoundSelect[tuple[str]]:
    told = exists().where(
        submissions.c.sender == records.c.sender,
        submissions.c.idempotency_key == literal(TOLD).concat(records.c.id),
    )
    wanted = (
        records.c.kind.in_(bindparam("kinds", expanding=True)),
        records.c.id > bindparam("after", type_=Text),
        ~told,
    )
    withheld = select(records.c.id).where(*record_in(RecordState.WITHHELD), records.c.reason.in_(DANGER), *wanted)
    leaving = (
        select(records.c.id)
        .join(items, items.c.record == records.c.id)
        .join(deliveries, deliveries.c.id == items.c.delivery)
        .where(or_(*(and_(*delivery_in(state)) for state in KEPT)), deliveries.c.cause.in_(DANGER), *wanted)
    )
    return union_all(withheld, leaving)


_UNTOLD = _untold()
"""Put together once: it is asked every few seconds."""
