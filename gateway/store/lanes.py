"""Order where it was asked for: a delivery waits until every earlier one of its partner and lane is done, a record that
waits for a batch until what is earlier of its case is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import DeliveryState
from gateway.store.bulk import among
from gateway.store.tables import deliveries, items, records
from gateway.store.walks import delivery_in

_DONE = (DeliveryState.DELIVERED, DeliveryState.WITHDRAWN)


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


def not_overtaking(whose: Callable[[FromClause], ColumnElement[bool]]) -> Subquery:
    """Items that wait for a batch, without those that would overtake an earlier record of their case in a delivery that
    is not done. A batch carries records of many cases, so it has no lane: they stay behind for a later one. ``whose``:
    of which partners, asked of ``items`` and of ``deliveries``.

    What waits and what is under way lie side by side, by case. A look back from each item would read all that there
    ever was of its case, thousands of times where a sender gives all of its records one; and a planner that has no
    fresh statistics joins two such lists by comparing each with each.
    """
    waiting, taken = items.alias("waiting"), items.alias("taken")
    undone = or_(*(and_(*delivery_in(state)) for state in DeliveryState if state not in _DONE))
    under_way = _of_case(taken, true()).join(deliveries, deliveries.c.id == taken.c.delivery)
    both = union_all(
        _of_case(waiting, false()).where(waiting.c.delivery.is_(None), whose(waiting)),
        under_way.where(undone, whose(deliveries)),
    ).subquery("both_of_case")
    taken_one = case((both.c.is_taken, both.c.record))
    first = func.min(taken_one).over(partition_by=(both.c.partner, both.c.case_index)).label("first")
    found = select(both, first).subquery("found")
    behind_none = or_(found.c.case_index.is_(None), found.c.first.is_(None), found.c.record < found.c.first)
    return select(found).where(found.c.is_taken.is_(false()), behind_none).subquery("may_go")


def _of_case(item: FromClause, is_taken: ColumnElement[bool]) -> Select[Any]:
    owed = (item.c.record, item.c.partner, item.c.sender, item.c.kind, item.c.agreement, item.c.owed_at)
    of_case = select(*owed, records.c.case_index, is_taken.label("is_taken"))
    return of_case.join_from(item, records, records.c.id == item.c.record)


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
