"""Submissions as their senders and the operators see them: one, many, their records, their findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import (
    Finding,
    Page,
    PartnerKey,
    Record,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.listing import Listing
from gateway.core.ports.submissions import RuleCount
from gateway.store.cursor import decode_id, decode_number, encode_cursor, wanted
from gateway.store.engine import Database
from gateway.store.rows import finding_from, record_from, submission_from
from gateway.store.tables import findings, records, submissions
from gateway.store.walks import submission_in

OPEN_RECORD = [column for column in records.columns if column.name != "sealed"]
"""What lists select: everything but the body."""


class StoredSubmissions:
    """Implements :class:`gateway.core.ports.submissions.Submissions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, submission: SubmissionId) -> Submission | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(submissions).where(submissions.c.id == submission))).one_or_none()
        return None if row is None else submission_from(row)

    async def list(
        self, sender: PartnerKey | None, page: Page, state: SubmissionState | None = None
    ) -> Listing[Submission]:
        """As the port says; ids grow with time, so the newest id comes first."""
        query = select(submissions).order_by(submissions.c.id.desc()).limit(wanted(page) + 1)
        if sender is not None:
            query = query.where(submissions.c.sender == sender)
        if state is not None:
            query = query.where(submission_in(state))
        if page.cursor is not None:
            query = query.where(submissions.c.id < decode_id(page.cursor))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        shown = rows[: page.limit]
        return Listing(tuple(submission_from(row) for row in shown), _next(rows, page, "id"))

    async def records(self, submission: SubmissionId, state: RecordState | None, page: Page) -> Listing[Record]:
        query = (
            select(*OPEN_RECORD)
            .where(records.c.submission == submission, records.c.ordinal > decode_number(page.cursor))
            .order_by(records.c.ordinal)
            .limit(wanted(page) + 1)
        )
        if state is not None:
            query = query.where(records.c.state == state.value)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return Listing(tuple(record_from(row) for row in rows[: page.limit]), _next(rows, page, "ordinal"))

    async def findings(
        self, submission: SubmissionId, rule: RuleCode | None, page: Page, *, record: int | None = None
    ) -> Listing[Finding]:
        """As the port says, in the order in which they were found."""
        query = (
            select(findings)
            .where(findings.c.submission == submission, findings.c.number > decode_number(page.cursor))
            .order_by(findings.c.number)
            .limit(wanted(page) + 1)
        )
        if rule is not None:
            query = query.where(findings.c.rule == rule)
        if record is not None:
            query = query.where(findings.c.record == record)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return Listing(tuple(finding_from(row) for row in rows[: page.limit]), _next(rows, page, "number"))

    async def summary(self, submission: SubmissionId, samples: int = 5) -> tuple[RuleCount, ...]:
        """As the port says: one line a rule, with the worst severity met and the field when it is always the same."""
        async with self._database.read() as connection:
            groups = await _groups(connection, submission)
            shown = await _samples(connection, submission, samples)
        by_rule: dict[str, list[Row[Any]]] = {}
        for group in groups:
            by_rule.setdefault(group.rule, []).append(group)
        counted = [_rule_count(some, shown.get(rule, ())) for rule, some in by_rule.items()]
        return tuple(sorted(counted, key=lambda one: (-one.count, one.rule)))


async def _groups(connection: AsyncConnection, submission: SubmissionId) -> Sequence[Row[Any]]:
    by = (findings.c.rule, findings.c.severity, findings.c.field)
    query = select(*by, func.count().label("found")).where(findings.c.submission == submission).group_by(*by)
    return (await connection.execute(query)).all()


async def _samples(connection: AsyncConnection, submission: SubmissionId, most: int) -> dict[str, list[Finding]]:
    """The first findings of each rule."""
    place = func.row_number().over(partition_by=findings.c.rule, order_by=findings.c.number).label("place")
    ranked = select(findings, place).where(findings.c.submission == submission).subquery()
    query = select(ranked).where(ranked.c.place <= most).order_by(ranked.c.number)
    shown: dict[str, list[Finding]] = {}
    for row in await connection.execute(query):
        shown.setdefault(row.rule, []).append(finding_from(row))
    return shown


def _rule_count(groups: Sequence[Row[Any]], samples: Sequence[Finding]) -> RuleCount:
    order = list(Severity)
    fields = {group.field for group in groups}
    return RuleCount(
        rule=RuleCode(groups[0].rule),
        severity=min((Severity(group.severity) for group in groups), key=order.index),
        field=fields.pop() if len(fields) == 1 else None,
        count=sum(group.found for group in groups),
        samples=tuple(samples),
    )


def _next(rows: Sequence[Row[Any]], page: Page, key: str) -> str | None:
    """The cursor after the last row shown, when one more was found."""
    return encode_cursor(getattr(rows[page.limit - 1], key)) if len(rows) > page.limit else None
