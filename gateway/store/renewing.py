"""Blind indexes under a new key in the place of old ones: a case moves as a whole, a notice of danger is placed again.

Whoever knows an index under both keys calls this in its own transaction: who commits a record while the key is being
replaced, and the job that goes through the old ones. So equal cases meet at any moment, and no notice is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from sqlalchemy import ColumnElement, Table, bindparam, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.people import Renewal
from gateway.core.retention import HoldScope
from gateway.store.accounting import sealed_off
from gateway.store.insertion import Insertion
from gateway.store.lanes import blocks
from gateway.store.revisions import grow
from gateway.store.tables import deliveries, disclosed, holds, notices, overrides, records

_TWINS = Insertion(
    notices,
    conflict=(
        "ON CONFLICT (person, placed_by) DO UPDATE SET revision = excluded.revision, renewed = NULL,"
        " stands = CASE WHEN excluded.stands = 1 THEN 1 ELSE notices.stands END"
    ),
)
_SLICE = 5_000
"""Indexes in one statement; the databases take about 32,000 variables."""


async def renew(connection: AsyncConnection, renewals: Iterable[Renewal]) -> None:
    """Rows are locked in the order in which everybody does: deliveries, records, the register."""
    by_key = attrgetter("key")
    for key, some in groupby(sorted(renewals, key=by_key), key=by_key):
        cases: dict[bytes, bytes] = {}
        persons: dict[bytes, bytes] = {}
        for one in some:
            cases.update(one.cases)
            persons.update(one.persons)
        for part in _slices(cases):
            await _move_cases(connection, part, key)
        for part in _slices(persons):
            await _move_orders(connection, part)
            await _place_again(connection, part, key)


def _slices(pairs: Mapping[bytes, bytes]) -> Iterable[Mapping[bytes, bytes]]:
    ordered = sorted(pairs.items())
    return [dict(ordered[start : start + _SLICE]) for start in range(0, len(ordered), _SLICE)]


async def _move_cases(connection: AsyncConnection, cases: Mapping[bytes, bytes], key: str) -> None:
    waiting = select(deliveries.c.id, deliveries.c.lane).where(deliveries.c.lane.in_(cases), blocks("deliveries"))
    found = await connection.execute(waiting.order_by(deliveries.c.id).with_for_update())
    rows = [(row.id, bytes(row.lane)) for row in found]
    await _set(connection, deliveries, "lane", rows, cases)
    filed = select(records.c.id, records.c.case_index).where(records.c.case_index.in_(cases))
    found = await connection.execute(filed.order_by(records.c.id).with_for_update())
    rows = [(row.id, bytes(row.case_index)) for row in found]
    await _set(connection, records, "case_index", rows, cases)
    about = [{"old": old.hex(), "new": new.hex()} for old, new in cases.items()]
    of_case = (holds.c.scope == HoldScope.CASE.value, holds.c.what == bindparam("old"))
    await connection.execute(update(holds).where(*of_case).values(what=bindparam("new")), about)
    outlived = [{"old": sealed_off(old), "new": sealed_off(new)} for old, new in cases.items()]
    told = update(disclosed).where(disclosed.c.token == bindparam("old"))
    await connection.execute(told.values(token=bindparam("new"), index_key=literal(key)), outlived)


async def _set(
    connection: AsyncConnection,
    table: Table,
    name: str,
    rows: Sequence[tuple[str, bytes]],
    cases: Mapping[bytes, bytes],
) -> None:
    if rows:
        changes = [{"row": id_, "new": cases[index]} for id_, index in rows]
        change = update(table).where(table.c.id == bindparam("row")).values({name: bindparam("new")})
        await connection.execute(change, changes)


async def _move_orders(connection: AsyncConnection, persons: Mapping[bytes, bytes]) -> None:
    """Orders of courts are about the same persons under the new key. There are few, and mostly none."""
    about = [bytes(one) for one in await connection.scalars(select(overrides.c.person).distinct())]
    moving = [{"old": one, "new": persons[one]} for one in about if one in persons]
    if moving:
        revision = await grow(connection)
        of_person = update(overrides).where(overrides.c.person == bindparam("old"))
        await connection.execute(of_person.values(person=bindparam("new"), revision=literal(revision)), moving)


async def _place_again(connection: AsyncConnection, persons: Mapping[bytes, bytes], key: str) -> None:
    """Notices that stand get a twin under the new key: same partner, same record, taken back together."""
    standing = (notices.c.person.in_(persons), notices.c.stands == 1)
    due = select(notices).where(*standing, _not_yet(key))
    if (await connection.execute(due.limit(1))).first() is None:
        return
    revision = await grow(connection)  # From here on nobody else changes the register.
    rows = (await connection.execute(due)).mappings().all()
    change = {"revision": revision, "index_key": key, "renewed": None}
    twins = [{**row, **change, "person": persons[bytes(row["person"])]} for row in rows]
    await _TWINS.write(connection, sorted(twins, key=lambda twin: (twin["person"], twin["placed_by"])))
    await connection.execute(update(notices).where(*standing).values(renewed=key))


def _not_yet(key: str) -> ColumnElement[bool]:
    return notices.c.renewed.is_distinct_from(key)
