"""Retention: which records may be due, erasing them, and the runs that did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, exists, false, func, or_, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.bearing import bearing_from
from gateway.core.erasure import Erasure, Run, RunScope, RunState
from gateway.core.ids import first_id
from gateway.core.model import AuditEntry, DeliveryId, DeliveryState, Kind, PartnerKey, RecordId, SubmissionId
from gateway.core.ports.retention import Found, Span
from gateway.core.retention import BY_ORDER, Candidate
from gateway.store.bulk import among, one_at_a_time
from gateway.store.engine import Database, Dialect
from gateway.store.erasing import erase
from gateway.store.insertion import Insertion
from gateway.store.rows import write_entries
from gateway.store.tables import deliveries, erasures, items, overrides, records, retention_runs
from gateway.store.types import Instant
from gateway.store.walks import SKEW

_RUNS = Insertion(retention_runs)
_ENDED = (DeliveryState.DELIVERED.value, DeliveryState.WITHDRAWN.value)
_USUAL = "support"
"""The purpose of most requests: a schedule with a rule of its own for it has no index to find them by."""
_UNUSUAL = text("records.bearing LIKE '%for:%' AND records.bearing NOT LIKE '%for:support%'")
"""As the index ``records_of_purpose`` has it, so that it serves."""
_BY_ORDER = select(overrides.c.record).where(overrides.c.record.is_not(None))
"""Records that left by order of a court; there are few."""
_EMPTY_WAL = "PRAGMA wal_checkpoint(TRUNCATE)"
_EMPTIED = (
    *("records", "amendments", "serials", "submissions", "deliveries", "mailbox", "attempts", "audit_entries"),
    "receipts",
)
"""Tables of which PostgreSQL still holds dead rows after a run."""


class StoredRetention:
    """Implements :class:`gateway.core.ports.retention.Retention`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def candidates(self, span: Span, closing: frozenset[str], limit: int) -> tuple[Found, ...]:
        columns = records.c
        wanted = (columns.id, columns.submission, columns.kind, columns.sender, columns.recipient)
        query: Select[Any] = select(*wanted, columns.received_at, columns.case_index, columns.bearing).where(
            columns.id < first_id(span.received_until, SKEW),
            columns.received_at <= span.received_until,
            ~exists().where(erasures.c.record == columns.id),
        )
        if span.after is not None:
            query = query.where(columns.id > span.after)
        if span.purposes is not None:
            query = query.where(columns.id.in_(union_all(_naming(span.purposes), _BY_ORDER)))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(columns.id).limit(limit))).all()
            ordered = frozenset(await connection.scalars(_BY_ORDER))
            owed = await _owed(connection, [row.id for row in rows])
            cases = await _cases(connection, {row.case_index for row in rows} - {None}, closing)
        return tuple(_found(row, owed.get(row.id, ()), cases.get(row.case_index), ordered) for row in rows)

    async def erase(
        self, run: Run, erasures: Sequence[Erasure], withdrawn: Sequence[DeliveryId], entries: Sequence[AuditEntry]
    ) -> tuple[RecordId, ...]:
        async with self._database.write() as connection:
            done = await erase(connection, erasures, withdrawn, entries) if erasures else ()
            columns = retention_runs.c
            progress = {"upto": run.upto, "records": columns.records + len(done)}
            await connection.execute(update(retention_runs).where(columns.id == run.id).values(progress))
        return done

    async def erased(self, record: RecordId) -> Erasure | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(erasures).where(erasures.c.record == record))).one_or_none()
        return None if row is None else _erasure(row)

    async def begin(self, run: Run, entry: AuditEntry) -> Run:
        columns = retention_runs.c
        running = select(retention_runs).where(columns.state == RunState.RUNNING.value).order_by(columns.scope)
        if run.scope is not RunScope.ALL:
            running = running.where(columns.scope == run.scope.value)
        async with self._database.write() as connection:
            await one_at_a_time(connection, "retention")
            row = (await connection.execute(running.limit(1))).one_or_none()
            if row is not None:
                widened = update(retention_runs).where(columns.id == row.id).values(scope=run.scope.value)
                await connection.execute(widened)
                return replace(_run(row), scope=run.scope)
            await _RUNS.write(connection, [_run_row(run)])
            await write_entries(connection, [entry])
        return run

    async def end(self, run: Run, entry: AuditEntry) -> None:
        ended = {"state": run.state.value, "ended_at": run.ended_at, "certificate": run.certificate}
        columns = retention_runs.c
        guarded = update(retention_runs).where(columns.id == run.id, columns.state == RunState.RUNNING.value)
        async with self._database.write() as connection:
            if (await connection.execute(guarded.values(ended))).rowcount == 1:
                await write_entries(connection, [entry])

    async def runs(self, limit: int) -> tuple[Run, ...]:
        query = select(retention_runs).order_by(retention_runs.c.begun_at.desc(), retention_runs.c.id.desc())
        async with self._database.read() as connection:
            return tuple(_run(row) for row in await connection.execute(query.limit(limit)))

    async def of_run(self, run: str, after: RecordId | None, limit: int) -> tuple[Erasure, ...]:
        query = select(erasures).where(erasures.c.run == run, erasures.c.record > (after or ""))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(erasures.c.record).limit(limit))
            return tuple(_erasure(row) for row in rows)

    async def settle(self) -> None:
        """SQLite overwrites deleted bytes in the database file at once (``secure_delete``); older pages in the WAL
        are given up here. PostgreSQL takes dead rows out of their pages."""
        postgresql = [f"VACUUM {table}" for table in _EMPTIED]
        await self._database.outside([_EMPTY_WAL] if self._database.dialect is Dialect.SQLITE else postgresql)

    async def vacuum(self) -> None:
        postgresql = [f"VACUUM FULL {table}" for table in _EMPTIED]
        sqlite = ["VACUUM", _EMPTY_WAL]
        await self._database.outside(sqlite if self._database.dialect is Dialect.SQLITE else postgresql)


def _naming(purposes: frozenset[str]) -> Select[tuple[str]]:
    named = or_(false(), *(records.c.bearing.contains(f"for:{one}", autoescape=True) for one in sorted(purposes)))
    return select(records.c.id).where(named, *(() if _USUAL in purposes else (_UNUSUAL,)))


async def _owed(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    query: Select[Any] = (
        select(items.c.record, items.c.partner, items.c.delivery, deliveries.c.state, deliveries.c.settled_at)
        .select_from(items)
        .outerjoin(deliveries, deliveries.c.id == items.c.delivery)
        .where(among(connection, items.c.record, ids))
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.record, []).append(row)
    return found


async def _cases(
    connection: AsyncConnection, tokens: Iterable[bytes], closing: frozenset[str]
) -> dict[bytes, Row[Any]]:
    """When the last record of each case came, and the last one that closed it."""
    closes = case((records.c.transaction.in_(sorted(closing)), records.c.received_at))
    query: Select[Any] = (
        select(
            records.c.case_index,
            func.max(records.c.received_at, type_=Instant()).label("last"),
            func.max(closes, type_=Instant()).label("closed"),
        )
        .where(records.c.case_index.in_(list(tokens)))
        .group_by(records.c.case_index)
    )
    return {row.case_index: row for row in await connection.execute(query)}


def _found(row: Row[Any], owed: Sequence[Row[Any]], of_case: Row[Any] | None, ordered: frozenset[str]) -> Found:
    parties = {row.sender, row.recipient, *(one.partner for one in owed)} - {None}
    under_way = [one for one in owed if one.state not in _ENDED]
    bearing = bearing_from(Kind(row.kind or ""), row.bearing or "")
    candidate = Candidate(
        id=RecordId(row.id),
        submission=SubmissionId(row.submission),
        kind=None if row.kind is None else Kind(row.kind),
        sender=PartnerKey(row.sender),
        received_at=row.received_at,
        labels=bearing.labels,
        purpose=BY_ORDER if row.id in ordered else bearing.purpose,
        parties=frozenset(PartnerKey(one) for one in parties),
        case=row.case_index,
        settled_at=None if under_way else max((_ended(one, row) for one in owed), default=row.received_at),
        closed_at=of_case.closed if of_case else None,
        last_at=of_case.last if of_case else None,
    )
    return Found(candidate, tuple(DeliveryId(one.delivery) for one in under_way if one.delivery is not None))


def _ended(owed: Row[Any], record: Row[Any]) -> datetime:
    at: datetime = owed.settled_at or record.received_at
    return at


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(RecordId(row.record), row.rule, row.policy, row.run, row.at, row.received_at)


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        policy=row.policy,
        policy_digest=row.policy_digest,
        actor=row.actor,
        begun_at=row.begun_at,
        state=RunState(row.state),
        upto=None if row.upto is None else RecordId(row.upto),
        records=row.records,
        ended_at=row.ended_at,
        certificate=row.certificate,
        scope=RunScope(row.scope),
    )


def _run_row(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "policy": run.policy,
        "policy_digest": run.policy_digest,
        "actor": run.actor,
        "begun_at": run.begun_at,
        "state": run.state.value,
        "upto": run.upto,
        "records": run.records,
        "ended_at": run.ended_at,
        "certificate": run.certificate,
        "scope": run.scope.value,
    }
