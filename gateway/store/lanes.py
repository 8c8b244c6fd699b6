"""Order where it was asked for: a delivery waits until every earlier one of its partner and lane is done, a record that
waits for a batch until what is earlier of its case is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, and_, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import DeliveryState
from gateway.store.bulk import among
from gateway.store.tables import deliveries, items, records

_DONE = (DeliveryState.DELIVERED.value, DeliveryState.WITHDRAWN.value)


def blocks(alias: str) -> ColumnElement[bool]:
    """That a delivery still blocks those behind it. Literally the condition of the index ``deliveries_in_lane``:
    with parameters instead of constants no planner could use it."""
    return and_(
        text(f"{alias}.lane IS NOT NULL"), text(f"{alias}.state <> 'delivered'"), text(f"{alias}.state <> 'withdrawn'")
    )


def first_in_lane(candidate: FromClause) -> ColumnElement[bool]:
    """That ``candidate`` (an alias of ``deliveries``) has no lane, or no earlier delivery blocks it."""
    earlier = deliveries.alias("earlier")
    blocked = exists().where(
        earlier.c.partner == candidate.c.partner,
        earlier.c.lane == candidate.c.lane,
        earlier.c.id < candidate.c.id,
        blocks("earlier"),
    )
    return or_(candidate.c.lane.is_(None), ~blocked)


def case_is_free() -> ColumnElement[bool]:
    """Of an item that waits for a batch: that no earlier record of its case is in a delivery that is not done. A batch
    carries records of many cases, so it has no lane: what would overtake stays behind for a later one."""
    own, earlier, other, carrying = records.alias(), records.alias(), items.alias(), deliveries.alias()
    overtakes = exists().where(
        own.c.id == items.c.record,
        own.c.case_index.is_not(None),
        earlier.c.case_index == own.c.case_index,
        earlier.c.id < own.c.id,
        other.c.record == earlier.c.id,
        other.c.partner == items.c.partner,
        carrying.c.id == other.c.delivery,
        carrying.c.state.not_in(_DONE),
    )
    return ~overtakes


async def wake_next(connection: AsyncConnection, done: Sequence[str]) -> None:
    """Let what waits behind these finished deliveries be announced as soon as it is due, not at its next repeat."""
    finished, behind = deliveries.alias("finished"), deliveries.alias("behind")
    next_in_lane = (
        select(func.min(behind.c.id))
        .where(behind.c.partner == finished.c.partner, behind.c.lane == finished.c.lane, blocks("behind"))
        .scalar_subquery()
    )
    freed = select(next_in_lane).select_from(finished).where(among(connection, finished.c.id, done))
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(freed), deliveries.c.state == "pending")
        .values(announce_at=deliveries.c.due_at)
    )
