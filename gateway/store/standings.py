"""Rows of submissions, records and deliveries beside what the entries of the log say of their states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, case, exists, false, func, literal, or_, select

from gateway.core.standing import CLOSED, OWED, STATES, Said, Standing
from gateway.store.engine import Database
from gateway.store.rows import as_text, details_from
from gateway.store.tables import audit_entries, deliveries, items, records, submissions

_PIECE = 1_000
"""Rows, or entries, looked at in one statement: memory stays flat however many there are."""
_HIGHEST = 2**63 - 1
"""That a database takes for a number."""
_TABLES: Mapping[str, Table] = {"submission": submissions, "record": records, "delivery": deliveries}
_ROWLESS = frozenset({"submission.refused"})
"""Said of what was turned away before it had a row."""
_OWING = ("record.accepted", "record.rerouted", "record.released")
"""Say in their details to whom the record is owed."""
_ERASED = "record.erased"


class StoredStandings:
    """Implements :class:`gateway.core.ports.standings.Standings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self) -> AsyncIterator[Standing]:
        for kind, table in _TABLES.items():
            after = ""
            while found := await self._all(_beside(kind, table, after)):
                after = found[-1].id
                for standing in _standings(kind, found):
                    yield standing

    async def lost(self) -> AsyncIterator[Standing]:
        async for piece in self._pieces():
            for row in await self._all(_without_row(piece)):
                yield Standing(as_text(row.object), None, (Said(row.action, row.at),))
            for standing in _unpaid(await self._all(_owed(piece))):
                yield standing

    async def closed(self) -> AsyncIterator[Standing]:
        async for piece in self._pieces():
            for row in await self._all(_closed_by_hand(piece)):
                yield Standing(as_text(row.object), CLOSED, (Said(as_text(row.action), row.at),))

    async def _pieces(self) -> AsyncIterator[range]:
        """The numbers of entries piece by piece, from one that is there to the next: a number that somebody wrote far
        beyond the others is reached at once, and one that is no number is none (whoever verifies the log misses it)."""
        entry, start = audit_entries.c.seq, 0
        while True:
            async with self._database.read() as connection:
                least = await connection.scalar(select(func.min(entry)).where(entry >= start))
            if not isinstance(least, int):
                return
            yield range(least, min(least + _PIECE, _HIGHEST + 1))
            if least + _PIECE > _HIGHEST:
                return
            start = least + _PIECE

    async def _all(self, query: Select[Any]) -> list[Row[Any]]:
        async with self._database.read() as connection:
            return list(await connection.execute(query))


def _within(piece: range) -> tuple[ColumnElement[bool], ...]:
    return audit_entries.c.seq >= piece[0], audit_entries.c.seq <= piece[-1]


def _beside(kind: str, table: Table, after: str) -> Select[Any]:
    """The next rows by id, each as often as the log speaks of its state, and once where it does not. One statement, so
    that a state that changes meanwhile comes with its entry."""
    entry = audit_entries.c
    piece = select(table.c.id, table.c.state).where(table.c.id > after).order_by(table.c.id).limit(_PIECE).subquery()
    speaks = and_(entry.object == literal(f"{kind}:").concat(piece.c.id), entry.action.in_(_actions(kind)))
    joined = piece.outerjoin(audit_entries, speaks)
    return select(piece.c.id, piece.c.state, entry.action, entry.at).select_from(joined).order_by(piece.c.id)


def _standings(kind: str, rows: Iterable[Row[Any]]) -> Iterable[Standing]:
    for id_, same in groupby(rows, key=lambda row: row.id):
        these = list(same)
        said = tuple(Said(row.action, row.at) for row in these if row.action is not None)
        yield Standing(f"{kind}:{id_}", as_text(these[0].state), said)


def _without_row(piece: range) -> Select[Any]:
    entry = audit_entries.c
    gone = or_(*(_gone(kind, table) for kind, table in _TABLES.items()))
    return select(entry.object, entry.action, entry.at).where(*_within(piece), gone).order_by(entry.seq)


def _owed(piece: range) -> Select[Any]:
    """Entries by which a record went on its way, each with all that is owed for the record, in one statement."""
    entry, item = audit_entries.c, items.c
    speaks = (*_within(piece), entry.action.in_(_OWING))
    joined = audit_entries.outerjoin(items, item.record == func.substr(entry.object, len("record:") + 1)).outerjoin(
        deliveries, deliveries.c.id == item.delivery
    )
    own = audit_entries.alias()
    about = (own.c.object == literal("delivery:").concat(item.delivery), own.c.action.in_(_actions("delivery")))
    spoken_of = exists().where(*about, own.c.seq.is_not(None))
    gone = case((deliveries.c.id.is_(None) & item.delivery.is_not(None), ~spoken_of), else_=false())
    told = (entry.seq, entry.object, entry.action, entry.at, entry.details, entry.salt, item.partner, item.delivery)
    return select(*told, gone.label("gone")).select_from(joined).where(*speaks).order_by(entry.seq)


def _unpaid(rows: Iterable[Row[Any]]) -> Iterator[Standing]:
    """A delivery has no entry of its own before its first attempt, and what waits for a batch has none at all: that
    they are owed the record's entry says, and to nobody else. Each once, however many records it carries."""
    named: set[str] = set()
    for _, same in groupby(rows, key=lambda row: row.seq):
        these = list(same)
        said = (Said(these[0].action, these[0].at),)
        to, owed = _recipients(these[0]), {as_text(row.partner) for row in these if row.partner is not None}
        for partner in sorted(to ^ owed if to else ()):
            yield Standing(f"{as_text(these[0].object)} to {partner}", OWED if partner in owed else None, said)
        for row in these:
            if row.gone and row.delivery not in named:
                named.add(row.delivery)
                yield Standing(f"delivery:{row.delivery}", None, said)


def _recipients(row: Row[Any]) -> set[str]:
    """To whom a record is owed by its entry; nobody when the details are destroyed, or spoiled, which its leaf says."""
    try:
        return set(str(details_from(row.details).get("recipients", "")).split()) if row.salt else set()
    except (AttributeError, ValueError):
        return set()


def _closed_by_hand(piece: range) -> Select[Any]:
    """Entries without details of objects of which no record was erased."""
    entry, erased = audit_entries.c, audit_entries.alias()
    empty = (*_within(piece), func.length(entry.salt) == 0)

    def gone(kind: str, of: ColumnElement[str], record: ColumnElement[str]) -> ColumnElement[bool]:
        told = (erased.c.object == literal("record:").concat(record), erased.c.action == _ERASED)
        return exists().where(of == func.substr(entry.object, len(kind) + 2), *told)

    itself = exists().where(erased.c.object == entry.object, erased.c.action == _ERASED)
    carried = gone("delivery", items.c.delivery, items.c.record)
    posted = gone("submission", records.c.submission, records.c.id)
    rightly = or_(itself, carried, posted)
    return select(entry.object, entry.action, entry.at).where(*empty, ~rightly).order_by(entry.seq)


def _gone(kind: str, table: Table) -> ColumnElement[bool]:
    entry = audit_entries.c
    row = exists().where(table.c.id == func.substr(entry.object, len(kind) + 2))
    return and_(entry.action.in_(sorted(set(_actions(kind)) - _ROWLESS)), ~row)


def _actions(kind: str) -> list[str]:
    return sorted(action for action in STATES if action.startswith(f"{kind}."))
