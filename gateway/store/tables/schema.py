"""The one schema that all tables belong to."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import MetaData, TextClause, text

metadata = MetaData()


class Only(TypedDict):
    """The condition of a partial index, once for each database."""

    postgresql_where: TextClause
    sqlite_where: TextClause


def only_where(condition: str) -> Only:
    """An index of the rows alone for which ``condition`` holds, in SQL that both databases read."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}
