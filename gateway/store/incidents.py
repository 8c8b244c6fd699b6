"""What the audit log says of a time, counted by the database: nothing but sums and the first ids comes here.

The time of an entry is in its id, so a scope is one range of the primary key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, Integer, Select, Subquery, and_, case, func, literal, or_, select, text, union

from gateway.core.incident import DISCLOSED, READ, Concerned, Listed, Scope, Sent, Tally
from gateway.core.model import Kind, PartnerKey
from gateway.core.people import INDEX_BYTES
from gateway.store.audit import written_before, written_since
from gateway.store.bulk import is_postgresql
from gateway.store.engine import Database
from gateway.store.tables import audit_entries, deliveries, disclosed, erasures, items, records, submissions
from gateway.store.types import Instant

_KINDS = ("record", "delivery", "submission", "query", "partner", "operator", "key")
_OTHER = "other"
_ROOM = text("SET LOCAL work_mem = '64MB'")
"""What PostgreSQL may hold of a sum before it goes to disk; a report is made alone and seldom."""


class StoredIncidents:
    """Reads only. Each method is one statement over all entries of the scope."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(self, scope: Scope) -> tuple[Tally, ...]:
        """By action, actor and outcome, most entries first. There are as many as partners and people have done things:
        they do not grow with the entries."""
        entry = _entries(scope).c
        what = (entry.action, entry.actor, entry.outcome)
        times = (func.min(entry.at, type_=Instant()).label("first"), func.max(entry.at, type_=Instant()).label("last"))
        count = func.count()
        query = select(*what, count.label("entries"), *times).group_by(*what).order_by(count.desc(), *what)
        return tuple(
            Tally(row.action, row.actor, row.outcome, row.entries, row.first, row.last)
            for row in await self._all(query)
        )

    async def objects(self, scope: Scope) -> Mapping[str, int]:
        """Kind of object -> how many have an entry."""
        each = select(_entries(scope).c.object.label("object")).distinct().cte("each")
        kind = case(*((each.c.object.like(f"{one}:%"), literal(one)) for one in _KINDS), else_=literal(_OTHER))
        named = select(kind.label("kind")).cte("named").c.kind
        query = select(named, func.count()).group_by(named).order_by(named)
        return {row[0]: row[1] for row in await self._all(query)}

    async def listed(self, scope: Scope, section: str, actions: Sequence[str], most: int) -> Listed:
        """The objects of these actions, at most ``most`` of them by name."""
        entry = _entries(scope).c
        each = select(entry.object).where(entry.action.in_(actions)).group_by(entry.object).cte("each")
        total = func.count().over().label("total")
        rows = await self._all(select(each.c.object, total).order_by(each.c.object).limit(max(most, 1)))
        return Listed(section, rows[0].total if rows else 0, tuple(row.object for row in rows[:most]))

    async def sent(self, scope: Scope) -> tuple[Sent, ...]:
        """What went out with the deliveries of the scope, most records first."""
        delivery = deliveries.c
        what, number = (delivery.partner, delivery.sender, delivery.kind), func.sum(delivery.records)
        query = (
            select(*what, func.count().label("deliveries"), number.label("records"))
            .where(delivery.id.in_(_ids(_entries(scope), "delivery", DISCLOSED)))
            .group_by(*what)
            .order_by(number.desc(), *what)
        )
        return tuple(
            Sent(PartnerKey(row.partner), PartnerKey(row.sender), Kind(row.kind), row.deliveries, int(row.records))
            for row in await self._all(query)
        )

    async def concerned(self, scope: Scope) -> Concerned:
        """Records that went out or were read, and the persons that they name."""
        named = _named(scope)
        gone = select(func.count()).select_from(named).join(erasures, erasures.c.record == named.c.record)
        query = select(
            select(func.count()).select_from(named).scalar_subquery(),
            gone.scalar_subquery(),
            _persons(named).scalar_subquery(),
        )
        return Concerned(*(await self._all(query))[0])

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        async with self._database.read() as connection:
            if is_postgresql(connection):
                await connection.execute(_ROOM)
            return tuple(await connection.execute(query))


def _entries(scope: Scope) -> Subquery:
    """The entries of the scope. A subquery: PostgreSQL keeps the rows of a CTE that is used twice, knows nothing of
    them, and then looks millions up one by one."""
    entry = audit_entries.c
    query = select(entry.id, entry.at, entry.action, entry.actor, entry.object, entry.outcome).where(
        *written_since(scope.begin), *written_before(scope.end)
    )
    if scope.partner is not None:
        its = _of_partner(scope.partner)
        query = query.outerjoin(its, its.c.object == entry.object).where(
            or_(its.c.object.is_not(None), entry.actor == f"partner:{scope.partner}")
        )
    return query.subquery("entries")


def _of_partner(partner: PartnerKey) -> Subquery:
    """The objects that concern a partner: itself, and what it sent or was sent."""
    record, delivery = records.c, deliveries.c
    parts = (
        select(literal(f"partner:{partner}").label("object")),
        select("submission:" + submissions.c.id).where(submissions.c.sender == partner),
        select("delivery:" + delivery.id).where(or_(delivery.partner == partner, delivery.sender == partner)),
        select("record:" + record.id).where(or_(record.sender == partner, record.recipient == partner)),
        select("record:" + items.c.record).where(items.c.partner == partner),
        select("record:" + disclosed.c.record).where(
            or_(disclosed.c.partner == partner, disclosed.c.sender == partner)
        ),
    )
    return union(*parts).subquery("its")


def _ids(entries: Subquery, kind: str, actions: Sequence[str]) -> Select[str]:
    """Ids of the objects of this kind on which there is an entry of these actions; some more than once."""
    entry, prefix = entries.c, f"{kind}:"
    return select(func.substr(entry.object, len(prefix) + 1)).where(
        entry.action.in_(actions), entry.object.like(f"{prefix}%")
    )


def _named(scope: Scope) -> CTE:
    """The records that went out in a delivery of the scope, or whose content was read, with the persons that those name
    which still are there."""
    entries, seen = _entries(scope), (*DISCLOSED, *READ)
    carried = select(items.c.record).where(items.c.delivery.in_(_ids(entries, "delivery", seen)))
    touched = union(carried, _ids(entries, "record", seen)).subquery("touched")
    whole = touched.outerjoin(records, records.c.id == touched.c.record)
    return select(touched.c.record, records.c.persons, records.c.index_key).select_from(whole).cte("named")


def _persons(named: CTE) -> Select[int]:
    """How many different blind indexes there are, under the first key of each record."""
    with_persons = select(named.c.persons, named.c.index_key).where(named.c.persons.is_not(None)).subquery("known")
    most = select(func.max(func.length(with_persons.c.persons)) / INDEX_BYTES).scalar_subquery()
    place = select(literal(0, Integer).label("n")).cte("places", recursive=True)
    place = place.union_all(select(place.c.n + 1).where(place.c.n + 1 < most))
    keys = func.coalesce(with_persons.c.index_key, "")
    number = func.length(keys) - func.length(func.replace(keys, " ", "")) + 1
    each = (
        select(func.substr(with_persons.c.persons, place.c.n * INDEX_BYTES + 1, INDEX_BYTES).label("person"))
        .distinct()
        .join(place, and_(place.c.n * INDEX_BYTES < func.length(with_persons.c.persons), place.c.n % number == 0))
    ).cte("each")
    return select(func.count()).select_from(each)
