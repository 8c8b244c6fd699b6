"""Many rows into one table, fast on both databases.

PostgreSQL gets one array a column and unnests them: the text of the statement does not depend on the number of rows, so
it stays prepared, and one row costs no more than a plain INSERT. SQLite gets ``executemany``, or a list of VALUES when
rows are to come back. Many rows at once go to PostgreSQL by COPY, where nothing depends on them: arrays cost a type
check for every element, and one statement for each slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Float, Integer, LargeBinary, Table, Text
from sqlalchemy import Row as Returned
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from gateway.store.bulk import is_postgresql
from gateway.store.types import Instant

Row = Mapping[str, object]
"""Column name -> value."""

_SLICE = 500
"""Rows in one statement: between slices the event loop gets its turn."""
_COPIED = 200
"""From so many rows on a COPY is worth its round trip."""
_VARIABLES = 30_000
"""SQLite takes at most 32,766 variables in one statement."""

_INSTANT = Instant()
_ARRAYS: Mapping[type[TypeEngine[Any]], str] = {
    Text: "text[]",
    LargeBinary: "bytea[]",
    Integer: "integer[]",
    BigInteger: "bigint[]",
    Instant: "bigint[]",
    Float: "float8[]",
}


class Insertion:
    """``INSERT INTO table`` of whole rows. Rows are mappings from column names to values; all columns but ``without``.

    ``conflict`` is the ON CONFLICT clause, ``returning`` names the columns that :meth:`returning` gives back. Rows are
    inserted in their order, so that of two rows with one key the first counts when ``conflict`` does nothing.
    """

    def __init__(
        self, table: Table, *, without: Sequence[str] = (), conflict: str = "", returning: Sequence[str] = ()
    ) -> None:
        columns = [column for column in table.columns if column.name not in without]
        self._table = table.name
        self._plain = not conflict and not returning
        self._names = [column.name for column in columns]
        self._values = itemgetter(*self._names)
        self._instants = frozenset(column.name for column in columns if isinstance(column.type, Instant))
        self._arrays = [_array(column) for column in columns]
        self._into = f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, self._names))})"
        back = f"RETURNING {', '.join(map(_quoted, returning))}" if returning else ""
        self._tail = f"{conflict} {back}".rstrip()
        self._marks = f"({', '.join('?' for _ in columns)})"

    @property
    def names(self) -> Sequence[str]:
        """The columns that it fills."""
        return self._names

    @property
    def width(self) -> int:
        """How many columns it fills."""
        return len(self._names)

    async def write(self, connection: AsyncConnection, rows: Iterable[Row]) -> None:
        """Insert the rows; nothing to do for none."""
        await write_together(connection, (self, rows))

    async def returning(self, connection: AsyncConnection, rows: Iterable[Row]) -> list[Returned[Any]]:
        """Insert the rows and give back the columns named by ``returning`` of those that were inserted (or updated)."""
        found: list[Returned[Any]] = []
        for some in _slices(rows, min(_SLICE, _VARIABLES // self.width)):
            columns = self.columns(some, connection.dialect)
            if is_postgresql(connection):
                result = await connection.exec_driver_sql(self.unnesting(1), columns)
            else:
                values = tuple(chain.from_iterable(zip(*columns, strict=True)))
                result = await connection.exec_driver_sql(self.valuing(len(some)), values)
            found.extend(result.all())
        return found

    def unnesting(self, place: int, condition: str = "") -> str:
        """The statement of PostgreSQL whose parameters, one array a column, start at ``$place``."""
        return f"{self._into} SELECT * FROM unnest({self.placed(place)}) {condition} {self._tail}"  # noqa: S608 - our own names

    def placed(self, place: int) -> str:
        """Its parameters, one array a column, from ``$place`` on."""
        return ", ".join(f"${number}::{array}" for number, array in enumerate(self._arrays, place))

    def valuing(self, rows: int) -> str:
        """The statement of SQLite for so many rows."""
        return f"{self._into} VALUES {', '.join([self._marks] * rows)} {self._tail}"

    def copies(self, rows: Sequence[Row]) -> bool:
        """Whether PostgreSQL gets these rows by COPY: many, and nothing is to happen but their insertion."""
        return self._plain and len(rows) >= _COPIED

    async def copy(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """COPY the rows into the table of PostgreSQL."""
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection  # asyncpg ships no types
        if not driver.is_in_transaction():
            await connection.exec_driver_sql("SELECT 1")  # SQLAlchemy begins with its own first statement only
        records = zip(*self.columns(rows, connection.dialect), strict=True)
        await driver.copy_records_to_table(self._table, records=records, columns=self._names)

    def columns(self, rows: Sequence[Row], dialect: Dialect) -> tuple[Sequence[object], ...]:
        """The values column by column, as the driver takes them."""
        values = zip(*map(self._values, rows), strict=True)
        return tuple([self._bound(name, column, dialect) for name, column in zip(self._names, values, strict=True)])

    def _bound(self, name: str, column: Sequence[Any], dialect: Dialect) -> Sequence[object]:
        if name in self._instants:
            return [_INSTANT.process_bind_param(value, dialect) for value in column]
        return column


async def write_together(connection: AsyncConnection, *parts: tuple[Insertion, Iterable[Row]]) -> None:
    """Insert rows into several tables. On PostgreSQL a slice of all of them is one statement: a small commit is mostly
    round trips. No row may refer to another one that a database constraint would look for."""
    sliced = [_slices(rows, _SLICE) for _, rows in parts]
    for slices in zip_longest(*sliced, fillvalue=()):
        filled = [(insertion, some) for (insertion, _), some in zip(parts, slices, strict=True) if some]
        if is_postgresql(connection):
            await _write_fused(connection, [part for part in filled if not part[0].copies(part[1])])
            for insertion, some in filled:
                if insertion.copies(some):
                    await insertion.copy(connection, some)
        else:
            for insertion, some in filled:
                rows = list(zip(*insertion.columns(some, connection.dialect), strict=True))
                await connection.exec_driver_sql(insertion.valuing(1), rows)


async def _write_fused(connection: AsyncConnection, filled: Sequence[tuple[Insertion, Sequence[Row]]]) -> None:
    if not filled:
        return
    parameters: list[Sequence[object]] = []
    statements: list[str] = []
    for insertion, rows in filled:
        statements.append(insertion.unnesting(len(parameters) + 1))
        parameters.extend(insertion.columns(rows, connection.dialect))
    *first, last = statements
    fused = ", ".join(f"part_{number} AS ({statement})" for number, statement in enumerate(first))
    await connection.exec_driver_sql(f"WITH {fused} {last}" if first else last, tuple(parameters))


def _slices(rows: Iterable[Row], size: int) -> Iterator[Sequence[Row]]:
    """The rows in lists; they may be made one by one, so that only a slice of them exists at a time."""
    source = iter(rows)
    while some := list(islice(source, size)):
        yield some


def _quoted(name: str) -> str:
    """Some of our columns are words of SQL (``transaction``, ``index``)."""
    return f'"{name}"'


def _array(column: Column[Any]) -> str:
    return _ARRAYS[type(column.type)]
