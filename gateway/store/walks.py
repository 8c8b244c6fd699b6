"""Newest-first lists as several short walks along indexes, each as far as the page goes, not a sort of everything.

A list of one partner is a walk for each state of its deliveries, because what is delivered and what is not have indexes
of their own; a database does not find that out by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, literal_column, select, union_all

from gateway.core.model import DeliveryState, Kind, RecordState, SubmissionState
from gateway.store.tables import deliveries, records, submissions

Walk = Sequence[ColumnElement[bool]]
"""The conditions of one walk."""
SKEW = timedelta(days=1)
"""How far before the time of its row an id may have been made: clocks of several machines, imports. Later is any time:
what waits to be judged gets its records late."""
_USUAL_KIND = Kind("new-hire")
"""What most records are."""


def newest(id_: ColumnElement[str], walks: Iterable[Walk], most: int) -> Any:  # noqa: ANN401 - a SELECT
    """The ``most`` newest ids of each walk: among them the ``most`` newest of all, and some twice where a row meets the
    conditions of two walks."""
    found = (select(id_).where(*walk).order_by(id_.desc()).limit(most).subquery() for walk in walks)
    return union_all(*(select(one.c.id) for one in found))


def delivery_in(state: DeliveryState, of: FromClause = deliveries) -> Walk:
    """That a delivery is in the state, in the words of the partial indexes. ``of``: the table, or an alias of it."""
    return _in(of.c.state, state, DeliveryState.DELIVERED)


def delivery_open() -> ColumnElement[bool]:
    """That a delivery is not delivered."""
    return deliveries.c.state != _constant(DeliveryState.DELIVERED)


def record_in(state: RecordState) -> Walk:
    """That a record is in the state, in the words of the partial index."""
    return _in(records.c.state, state, RecordState.ROUTED)


def record_of(kind: Kind) -> Walk:
    """That a record is of the kind, in the words of the partial index."""
    column = records.c.kind
    equal = column == kind
    return (equal,) if kind == _USUAL_KIND else (equal, column != _constant(_USUAL_KIND))


def submission_in(state: SubmissionState) -> ColumnElement[bool]:
    """That a submission is in the state, in the words of the partial indexes."""
    return submissions.c.state == _constant(state)


def _in(column: ColumnElement[str], state: StrEnum, usual: StrEnum) -> Walk:
    # Constants, not parameters: a database takes a partial index only where its very condition stands in the statement.
    equal = column == _constant(state)
    return (equal,) if state is usual else (equal, column != _constant(usual))


def _constant(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'")
