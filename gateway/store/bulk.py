"""Where the two databases differ: id sets, rows as arrays, upserts, locks by name.

Id sets and rows are one parameter (or one a column), so the text of a statement never changes and stays prepared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, Text, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine


def is_postgresql(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "postgresql"


def among(connection: AsyncConnection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many values there are."""
    if is_postgresql(connection):
        return column == any_(literal(list(values), ARRAY(Text)))
    listed = func.json_each(literal(json.dumps(list(values)))).table_valued("value")
    return column.in_(select(listed.c.value))


def upsert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT; both databases spell it the same way, SQLAlchemy has one class for each."""
    return postgresql.insert(table) if is_postgresql(connection) else sqlite.insert(table)


def unnested(
    name: str, columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, object]]
) -> TableValuedAlias:
    """The rows as a table of PostgreSQL: one array parameter a column."""
    arrays = [literal([row[column] for row in rows], ARRAY(kind)) for column, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=name)


async def one_at_a_time(connection: AsyncConnection, what: str) -> None:
    """Let nobody else do ``what`` until this transaction ends. SQLite has one writer anyway."""
    if is_postgresql(connection):
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))
