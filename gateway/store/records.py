"""Records: one, a search, where they went, what happened to them, and new routes for the parked ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, product
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.acceptance import Chunk, Judged
from gateway.core.audit_entry import timestamp
from gateway.core.ids import first_id
from gateway.core.loss import STEP
from gateway.core.model import Delivery, DeliveryId, Finding, Kind, Page, Record, RecordId, RecordState
from gateway.core.ports.listing import Listing
from gateway.core.ports.records import RecordQuery, Step
from gateway.store.bulk import among
from gateway.store.cursor import decode_id, encode_cursor, wanted
from gateway.store.engine import Database
from gateway.store.judgements import write_routes
from gateway.store.losses import losses_of
from gateway.store.rows import delivery_from, details_from, record_from
from gateway.store.submissions import OPEN_RECORD
from gateway.store.tables import answers, attempts, audit_entries, deliveries, items, records, submissions
from gateway.store.walks import SKEW, Walk, newest, record_in, record_of

ATTEMPT = "attempt"
"""The action of a step that is an attempt; the other steps are audit entries and carry their actions."""
_CASES = 5_000
"""Blind indexes in one statement; the databases take about 32,000 variables."""
_DISPATCHER = "gateway:dispatcher"


class StoredRecords:
    """Implements :class:`gateway.core.ports.records.Records`. ``announce_grace`` as in :class:`StoredIntake`."""

    def __init__(self, database: Database, announce_grace: timedelta = timedelta(0)) -> None:
        self._database = database
        self._grace = announce_grace

    async def get(self, record: RecordId) -> Record | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(records).where(records.c.id == record))).one_or_none()
        return None if row is None else record_from(row)

    async def search(self, query: RecordQuery, page: Page) -> Listing[Record]:
        """As the port says; ids grow with time, so the newest id comes first."""
        conditions = _conditions(query)
        if page.cursor is not None:
            conditions.append(records.c.id < decode_id(page.cursor))
        most = wanted(page) + 1
        if query.party is not None or query.states:
            conditions = [records.c.id.in_(newest(records.c.id, _walks(query, conditions), most))]
        statement = select(*OPEN_RECORD).where(*conditions).order_by(records.c.id.desc()).limit(most)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        shown = tuple(record_from(row) for row in rows[: page.limit])
        return Listing(shown, encode_cursor(shown[-1].id) if len(rows) > page.limit else None)

    async def deliveries(self, record: RecordId) -> tuple[Delivery, ...]:
        """As the port says, oldest first."""
        async with self._database.read() as connection:
            return await _deliveries_of(connection, record)

    async def trace(self, record: RecordId) -> tuple[Step, ...]:
        """As the port says. An attempt shows its code, never the partner's answer. Empty for an unknown record."""
        async with self._database.read() as connection:
            found = (
                await connection.execute(select(records.c.submission).where(records.c.id == record))
            ).scalar_one_or_none()
            if found is None:
                return ()
            carried = [delivery.id for delivery in await _deliveries_of(connection, record)]
            objects = [f"record:{record}", f"submission:{found}", *(f"delivery:{one}" for one in carried)]
            told = select(audit_entries).where(among(connection, audit_entries.c.object, objects))
            entries = (await connection.execute(told.order_by(audit_entries.c.id))).all()
            made = select(attempts).where(among(connection, attempts.c.delivery, carried))
            tries = (await connection.execute(made.order_by(attempts.c.begun_at, attempts.c.number))).all()
            losses = await losses_of(connection, carried) if carried else ()
        steps = [*(_attempt_step(row) for row in tries), *(_entry_step(row) for row in entries)]
        steps += [_loss_step(delivery, at, finding) for delivery, at, finding in losses]
        return tuple(sorted(steps, key=lambda step: step.at))

    async def parked(self, limit: int, after: RecordId | None = None) -> tuple[Record, ...]:
        query = select(records).where(*record_in(RecordState.UNROUTABLE)).order_by(records.c.id)
        if after is not None:
            query = query.where(records.c.id > after)
        async with self._database.read() as connection:
            return tuple(record_from(row) for row in await connection.execute(query.limit(limit)))

    async def reroute(self, chunk: Chunk, was: RecordState = RecordState.UNROUTABLE) -> int:
        """As the port says. The counts of their submissions follow; records of any submissions may share a chunk, and
        one that the disclosure guard now keeps back is written as withheld and not counted as routed."""
        async with self._database.write() as connection:
            moved = await _unpark(connection, chunk.judged, was)
            # Submissions before running numbers, the order in which every transaction locks them (no deadlocks).
            await _recount(connection, moved, was)
            await write_routes(connection, moved, self._grace)
        return sum(one.record.state is RecordState.ROUTED for one in moved)

    async def of_cases(self, kind: Kind, cases: Sequence[bytes]) -> tuple[Record, ...]:
        found: list[Record] = []
        async with self._database.read() as connection:
            for start in range(0, len(cases), _CASES):
                query = select(*OPEN_RECORD).where(
                    records.c.case_index.in_(cases[start : start + _CASES]),
                    records.c.kind == kind,
                    records.c.state == RecordState.ROUTED.value,
                )
                found += [record_from(row) for row in await connection.execute(query)]
        return tuple(sorted(found, key=attrgetter("id"), reverse=True))

    async def questions(self, records_: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, bytes]]:
        query = select(answers.c.record, records.c.id, records.c.sealed).join_from(
            answers, records, records.c.id == answers.c.question
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query.where(among(connection, answers.c.record, records_)))
            return {RecordId(row.record): (RecordId(row.id), row.sealed) for row in rows if row.sealed is not None}


def _conditions(query: RecordQuery) -> list[ColumnElement[bool]]:
    columns = records.c
    given: tuple[tuple[object, ColumnElement[bool]], ...] = (
        (query.id, columns.id == query.id),
        (query.sender, columns.sender == query.sender),
        (query.cases, columns.case_index.in_(query.cases or ())),
    )
    conditions = [condition for value, condition in given if value is not None]
    if query.kind is not None:
        conditions += record_of(query.kind)
    if query.state is not None:
        conditions += record_in(query.state)
    if query.since is not None:
        conditions += (columns.id >= first_id(query.since, -SKEW), columns.received_at >= query.since)
    if query.until is not None:
        conditions.append(columns.received_at < query.until)
    return conditions


def _walks(query: RecordQuery, conditions: Sequence[ColumnElement[bool]]) -> Iterator[Walk]:
    """One for each state that is asked for, on each side of the party."""
    sides: Sequence[Walk] = [()]
    if query.party is not None:
        sides = [(side == query.party,) for side in (records.c.sender, records.c.recipient)]
    states: Sequence[Walk] = [record_in(state) for state in query.states] or [()]
    for side, state in product(sides, states):
        yield (*conditions, *side, *state)


async def _deliveries_of(connection: AsyncConnection, record: RecordId) -> tuple[Delivery, ...]:
    query = (
        select(deliveries)
        .join(items, items.c.delivery == deliveries.c.id)
        .where(items.c.record == record)
        .order_by(deliveries.c.id)
    )
    return tuple(delivery_from(row) for row in await connection.execute(query))


def _entry_step(row: Row[Any]) -> Step:
    return Step(row.at, row.actor, row.action, row.object, row.outcome, details_from(row.details) if row.salt else {})


def _attempt_step(row: Row[Any]) -> Step:
    details = {"began": timestamp(row.begun_at), **({"code": row.code} if row.code else {})}
    return Step(row.ended_at, _DISPATCHER, ATTEMPT, f"delivery:{row.delivery}", row.outcome, details, row.number)


def _loss_step(delivery: DeliveryId, at: datetime, finding: Finding) -> Step:
    told = {"severity": finding.severity.value, "field": finding.field, "path": finding.path, "note": finding.note}
    details = {name: value for name, value in told.items() if value}
    return Step(at, _DISPATCHER, STEP, f"delivery:{delivery}", finding.rule, details)


async def _unpark(connection: AsyncConnection, judged: Sequence[Judged], was: RecordState) -> list[Judged]:
    """Those that were still in that state, now in their new one."""
    moving = [one for one in judged if one.record.state is not was]
    moved: set[str] = set()
    for (state, recipient, reason), some in groupby(sorted(moving, key=_target), key=_target):
        change = (
            update(records)
            .where(
                among(connection, records.c.id, [one.record.id for one in some]),
                records.c.state == was.value,
            )
            .values(state=state, recipient=recipient or None, reason=reason or None)
            .returning(records.c.id)
        )
        moved.update((await connection.execute(change)).scalars())
    return [one for one in moving if one.record.id in moved]


def _target(judged: Judged) -> tuple[str, str, str]:
    return judged.record.state.value, judged.record.recipient or "", judged.record.reason or ""


async def _recount(connection: AsyncConnection, moved: Iterable[Judged], was: RecordState) -> None:
    """One UPDATE a submission, in the order of their ids (no deadlocks)."""
    by_submission: dict[str, Counter[RecordState]] = {}
    for one in moved:
        by_submission.setdefault(one.record.submission, Counter())[one.record.state] += 1
    for submission, states in sorted(by_submission.items()):
        columns = submissions.c
        changes = {was.value: columns[was.value] - states.total()}
        if was is not RecordState.WITHHELD:
            changes["withheld"] = columns.withheld + states[RecordState.WITHHELD]
        await connection.execute(update(submissions).where(columns.id == submission).values(changes))
