"""Everything that lies sealed, found by the schema itself: each column named ``sealed`` or ``sealed_...``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Table,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import AuditEntry
from gateway.core.ports.rewrapping import HEAD_BYTES, Moved, Rewrap, Row, SealedHead
from gateway.store.bulk import is_postgresql
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import metadata, rewraps

_LENGTH_AT = 5
"""1-based place of the byte that says how long the key id is; the id follows it."""


@dataclass(frozen=True, slots=True)
class _Place:
    table: Table
    sealed: Column[bytes]

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.sealed.name}"

    @property
    def key(self) -> tuple[Column[Any], ...]:
        return tuple(self.table.primary_key.columns)


PLACES = tuple(
    _Place(table, column)
    for table in metadata.sorted_tables
    for column in table.columns
    if column.name == "sealed" or column.name.startswith("sealed_")
)


class StoredSealed:
    """Implements :class:`gateway.core.ports.rewrapping.SealedValues`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def places(self) -> Sequence[str]:
        return tuple(place.name for place in PLACES)

    async def wrapped(self) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        async with self._database.read() as connection:
            for place in PLACES:
                named = _key_id(connection, place.sealed)
                query = select(named, func.count()).where(place.sealed.is_not(None)).group_by(named)
                for key_id, count in await connection.execute(query):
                    found[bytes(key_id).decode("latin-1")] += count
        return found

    async def heads(self, place: int, after: Row | None, limit: int) -> tuple[SealedHead, ...]:
        one = PLACES[place]
        query = select(*one.key, func.substr(one.sealed, 1, HEAD_BYTES, type_=LargeBinary)).where(
            one.sealed.is_not(None)
        )
        if after is not None:
            query = query.where(tuple_(*one.key) > tuple_(*after))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(*one.key).limit(limit))
            return tuple(SealedHead(tuple(row[:-1]), bytes(row[-1])) for row in rows)

    async def latest(self) -> Rewrap | None:
        query = select(rewraps).order_by(rewraps.c.id.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        members = dict(row._mapping)  # noqa: SLF001 - the public name of a row's mapping
        after = members.pop("after")
        return Rewrap(after=None if after is None else tuple(json.loads(after)), **members)

    async def begin(self, job: Rewrap) -> None:
        async with self._database.write() as connection:
            await connection.execute(insert(rewraps).values(**_columns(job)))

    async def advance(self, before: Rewrap, after: Rewrap, moved: Sequence[Moved]) -> bool:
        async with self._database.write() as connection:
            if not await _replaced(connection, before, after):
                return False
            if moved:
                await connection.execute(_moving(PLACES[before.place]), [_change(one) for one in moved])
            return True

    async def end(self, job: Rewrap, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            ended = await connection.execute(
                update(rewraps)
                .where(rewraps.c.id == job.id, rewraps.c.ended_at.is_(None))
                .values(ended_at=job.ended_at, left=job.left)
            )
            if not ended.rowcount:
                return False
            await write_entries(connection, [entry])
            return True


async def _replaced(connection: AsyncConnection, before: Rewrap, after: Rewrap) -> bool:
    """The row of the job, if it still says what the caller read."""
    columns = _columns(before)
    same = [rewraps.c[name].is_not_distinct_from(columns[name]) for name in ("id", "place", "after", "ended_at")]
    changed = await connection.execute(update(rewraps).where(*same).values(**_columns(after)))
    return bool(changed.rowcount)


def _columns(job: Rewrap) -> dict[str, Any]:
    return {
        "id": job.id,
        "goal": job.goal,
        "started_at": job.started_at,
        "total": job.total,
        "place": job.place,
        "after": None if job.after is None else json.dumps(job.after),
        "seen": job.seen,
        "moved": job.moved,
        "broken": job.broken,
        "left": job.left,
        "ended_at": job.ended_at,
    }


def _key_id(connection: AsyncConnection, sealed: Column[bytes]) -> ColumnElement[bytes]:
    if is_postgresql(connection):
        length: ColumnElement[int] = func.get_byte(sealed, _LENGTH_AT - 1)
    else:
        length = func.unicode(func.substr(sealed, _LENGTH_AT, 1))
    return func.substr(sealed, _LENGTH_AT + 1, length, type_=LargeBinary)


def _moving(place: _Place) -> Any:  # noqa: ANN401 - the type of an UPDATE names its table's columns
    """The head replaced where it is still the old one; the body does not leave the database."""
    rest = func.substr(place.sealed, bindparam("rest_at", type_=Integer), type_=LargeBinary)
    size = bindparam("old_size", type_=Integer)
    sealed = cast(bindparam("new_head", type_=LargeBinary).op("||")(rest), LargeBinary)
    where = [column == bindparam(f"key_{number}") for number, column in enumerate(place.key)]
    old = func.substr(place.sealed, literal(1), size, type_=LargeBinary) == bindparam("old_head", type_=LargeBinary)
    return update(place.table).where(*where, old).values({place.sealed: sealed})


def _change(moved: Moved) -> dict[str, Any]:
    size = len(moved.old)
    keys = {f"key_{number}": value for number, value in enumerate(moved.row)}
    return {"new_head": moved.new, "old_head": moved.old, "old_size": size, "rest_at": size + 1, **keys}
