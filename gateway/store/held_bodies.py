"""Bodies at which the gateway itself failed: put off, put aside, judged again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.sql.dml import Update

from gateway.core.model import AuditEntry, SubmissionId, SubmissionState
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.spool import held_by
from gateway.store.tables import submissions
from gateway.store.walks import submission_in


class StoredHeldBodies:
    """Implements :class:`gateway.core.ports.held_bodies.HeldBodies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_off(self, owner: str, submission: SubmissionId, until: datetime, cause: str | None) -> None:
        """As the port says. A claim counts a fault where it finds the owner of an ended lease: one that died leaves its
        name as well."""
        changes = {"lease_owner": None} if cause is None else {"cause": cause}
        change = update(submissions).where(*held_by(owner, submission)).values(lease_until=until, **changes)
        async with self._database.write() as connection:
            await connection.execute(change)

    async def hold(self, owner: str, submission: SubmissionId, cause: str, entry: AuditEntry) -> bool:
        guarded = update(submissions).where(*held_by(owner, submission))
        return await self._move(guarded.values(state=SubmissionState.HELD.value, cause=cause, **_UNLEASED), entry)

    async def judge_again(self, submission: SubmissionId, entry: AuditEntry) -> bool:
        guarded = update(submissions).where(submissions.c.id == submission, submission_in(SubmissionState.HELD))
        fresh = {"state": SubmissionState.RECEIVED.value, "faults": 0, "cause": None}
        return await self._move(guarded.values(**fresh, **_UNLEASED), entry)

    async def count(self) -> int:
        async with self._database.read() as connection:
            return (
                await connection.scalar(
                    select(func.count()).select_from(submissions).where(submission_in(SubmissionState.HELD))
                )
                or 0
            )

    async def _move(self, guarded: Update, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            moved = bool((await connection.execute(guarded)).rowcount)
            if moved:
                await write_entries(connection, [entry])
        return moved


_UNLEASED = {"lease_owner": None, "lease_until": None}
