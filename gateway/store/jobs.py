"""Bulk actions over a selection that is frozen when the action is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import AuditEntry, DeliveryId, JobId, Page
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.core.ports.listing import Listing
from gateway.store.bulk import among
from gateway.store.cursor import decode_id, encode_cursor, wanted
from gateway.store.desk import matching
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import deliveries, job_items, jobs

PLANNED, RUNNING, DONE, CANCELLED = "planned", "running", "done", "cancelled"
_ENDS = {DONE: (RUNNING,), CANCELLED: (PLANNED, RUNNING)}
"""How a job may end -> the states from which it may."""


class StoredJobs:
    """Implements :class:`gateway.core.ports.jobs.Jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(self, job: Job, query: DeliveryQuery, ids: Sequence[DeliveryId] | None, entry: AuditEntry) -> Job:
        """As the port says. Of ``ids``, those that exist; ``query`` does not narrow them."""
        async with self._database.write() as connection:
            chosen = matching(query) if ids is None else [among(connection, deliveries.c.id, ids)]
            selection = select(literal(job.id), deliveries.c.id).where(*chosen)
            frozen = await connection.execute(insert(job_items).from_select(["job", "delivery"], selection))
            planned = replace(job, state=PLANNED, total=frozen.rowcount, done=0, skipped=0)
            await connection.execute(
                insert(jobs).values(
                    id=planned.id,
                    action=planned.action,
                    reason=planned.reason,
                    actor=planned.actor,
                    state=planned.state,
                    created_at=planned.created_at,
                    total=planned.total,
                    done=planned.done,
                    skipped=planned.skipped,
                )
            )
            await write_entries(connection, [entry])
        return planned

    async def start(self, job: JobId, entry: AuditEntry) -> bool:
        return await self._move(job, (PLANNED,), RUNNING, entry)

    async def get(self, job: JobId) -> Job | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == job))).one_or_none()
        return None if row is None else _job(row)

    async def list(self, page: Page) -> Listing[Job]:
        """Newest first."""
        limit = wanted(page)
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit + 1)
        if page.cursor is not None:
            query = query.where(jobs.c.id < decode_id(page.cursor))
        async with self._database.read() as connection:
            found = [_job(row) for row in await connection.execute(query)]
        rows = tuple(found[:limit])
        return Listing(rows, encode_cursor(rows[-1].id) if len(found) > limit else None)

    async def next(self, job: JobId, limit: int) -> tuple[DeliveryId, ...]:
        query = (
            select(job_items.c.delivery)
            .where(job_items.c.job == job, job_items.c.result.is_(None))
            .order_by(job_items.c.delivery)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(DeliveryId(id_) for id_ in await connection.scalars(query))

    async def progress(self, job: JobId, done: Sequence[DeliveryId], skipped: Sequence[DeliveryId]) -> None:
        """As the port says. A delivery counts once, however often it is reported."""
        async with self._database.write() as connection:
            finished = await _mark(connection, job, done, DONE)
            passed = await _mark(connection, job, skipped, "skipped")
            await connection.execute(
                update(jobs)
                .where(jobs.c.id == job)
                .values(done=jobs.c.done + finished, skipped=jobs.c.skipped + passed)
            )

    async def end(self, job: JobId, state: str, entry: AuditEntry) -> bool:
        """running -> done, planned or running -> cancelled. Raises KeyError for any other end. What the entry counts is
        counted at this moment."""
        return await self._move(job, _ENDS[state], state, entry)

    async def running(self) -> tuple[Job, ...]:
        """Oldest first."""
        query = select(jobs).where(jobs.c.state == RUNNING).order_by(jobs.c.id)
        async with self._database.read() as connection:
            return tuple(_job(row) for row in await connection.execute(query))

    async def _move(self, job: JobId, origins: Sequence[str], state: str, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            moved = await connection.execute(
                update(jobs)
                .where(jobs.c.id == job, jobs.c.state.in_(origins))
                .values(state=state)
                .returning(jobs.c.done, jobs.c.skipped)
            )
            row = moved.one_or_none()
            if row is None:
                return False
            counts = {"done": row.done, "skipped": row.skipped}
            told = {name: counts.get(name, value) for name, value in entry.details.items()}
            await write_entries(connection, [replace(entry, details=told)])
            return True


async def _mark(connection: AsyncConnection, job: JobId, ids: Sequence[DeliveryId], result: str) -> int:
    if not ids:
        return 0
    marked = await connection.execute(
        update(job_items)
        .where(job_items.c.job == job, among(connection, job_items.c.delivery, ids), job_items.c.result.is_(None))
        .values(result=result)
    )
    return marked.rowcount


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        action=row.action,
        reason=row.reason,
        actor=row.actor,
        state=row.state,
        created_at=row.created_at,
        total=row.total,
        done=row.done,
        skipped=row.skipped,
    )
