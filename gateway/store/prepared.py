"""Statements of PostgreSQL that are built and compiled once: their text never changes, only their arrays do.

SQLAlchemy builds an expression anew and looks its text up for each execution, and checks every element of an array;
on the paths that each record takes this costs more than the driver does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, Select, bindparam, func
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from gateway.store.types import Instant

Columns = Mapping[str, TypeEngine[Any]]
"""Name -> type of what comes in rows."""
_INSTANT = Instant()


def rows_of(name: str, columns: Columns) -> TableValuedAlias:
    """Rows that come as one array parameter a column, named ``NAME_COLUMN``."""
    arrays = [bindparam(f"{name}_{column}", type_=ARRAY(_plain(kind))) for column, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=name)


def arrays_of(name: str, columns: Columns, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[object]]:
    """The parameters of :func:`rows_of`."""
    return {f"{name}_{column}": _values(column, kind, rows) for column, kind in columns.items()}


def moment(value: datetime | None) -> int | None:
    """A moment as its column holds it."""
    return _INSTANT.process_bind_param(value, _DIALECT)


def instant(stored: Any) -> Any:  # noqa: ANN401 - a column of a driver's row, which has no type
    """The moment (or None) that a column holds: what a prepared statement gives back comes as the driver has it."""
    return _INSTANT.process_result_value(stored, _DIALECT)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement."""

    text: str
    order: Sequence[str]
    """Names of its parameters by place."""
    constants: Mapping[str, object]
    """Those that never change."""

    async def run(self, connection: AsyncConnection, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        values = {**self.constants, **parameters}
        result = await connection.exec_driver_sql(self.text, tuple([values[name] for name in self.order]))
        return result.all()


def prepared(statement: Select[Any]) -> Prepared:
    """The statement, compiled for PostgreSQL."""
    compiled = statement.compile(dialect=_DIALECT)
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return Prepared(str(compiled), tuple(compiled.positiontup or ()), constants)


_DIALECT: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy's own dialects have no types


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return BigInteger() if isinstance(kind, Instant) else kind


def _values(column: str, kind: TypeEngine[Any], rows: Sequence[Mapping[str, Any]]) -> list[object]:
    if isinstance(kind, Instant):
        return [moment(row[column]) for row in rows]
    return [row[column] for row in rows]
