"""Bodies too big to judge while the caller waits: sealed pieces, a leased submission, chunks of judged records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.acceptance import Chunk
from gateway.core.errors import Unreadable
from gateway.core.ids import Clock
from gateway.core.model import AuditEntry, Counts, Finding, PartnerKey, Submission, SubmissionId, SubmissionState
from gateway.core.succession import REFUSAL
from gateway.store.engine import Database
from gateway.store.insertion import Insertion, Row
from gateway.store.judgements import (
    claim_serials,
    finding_rows,
    next_finding,
    ordinals_of,
    write_findings,
    write_judged,
)
from gateway.store.rows import counts_row, submission_from, write_entries
from gateway.store.tables import spool, submissions
from gateway.store.turns import take_turns

_FAULTS = submissions.c.faults + case((submissions.c.lease_owner.is_(None), 0), else_=1)
"""Whoever began it before neither got on nor gave it back: it died, or failed."""
_ENDED = {"lease_owner": None, "lease_until": None, "faults": 0, "cause": None}
_PIECES = Insertion(spool, conflict="ON CONFLICT (submission, piece) DO NOTHING")


class StoredSpool:
    """Implements :class:`gateway.core.ports.submissions.Spool`. ``announce_grace`` as in :class:`StoredIntake`."""

    def __init__(self, database: Database, clock: Clock, announce_grace: timedelta = timedelta(0)) -> None:
        self._database = database
        self._clock = clock
        self._grace = announce_grace

    async def append(self, submission: SubmissionId, piece: int, sealed: bytes) -> None:
        """As the port says. A piece that is there already stays as it is, so a repeat after a lost answer is safe."""
        row = {"submission": submission, "piece": piece, "at": self._clock(), "sealed": sealed}
        async with self._database.write() as connection:
            await _PIECES.write(connection, [row])

    async def pieces(self, submission: SubmissionId) -> AsyncIterator[bytes]:
        """As the port says. Every piece is a transaction of its own: judging a big file takes minutes."""
        following = (
            select(spool.c.piece, spool.c.sealed).where(spool.c.submission == submission).order_by(spool.c.piece)
        )
        last = -1
        while True:
            async with self._database.read() as connection:
                row = (await connection.execute(following.where(spool.c.piece > last).limit(1))).one_or_none()
            if row is None:
                return
            last = row.piece
            yield row.sealed

    async def discard(self, submission: SubmissionId) -> None:
        async with self._database.write() as connection:
            await _delete_pieces(connection, submission)

    async def claim(
        self, owner: str, now: datetime, until: datetime, after: PartnerKey | None = None
    ) -> Submission | None:
        unleased = or_(submissions.c.lease_until.is_(None), submissions.c.lease_until <= now)
        oldest = (
            select(submissions.c.id)
            .where(submissions.c.state == SubmissionState.RECEIVED.value, unleased)
            .order_by(submissions.c.sender == (after or ""), submissions.c.received_at, submissions.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        lease = (
            update(submissions)
            .where(submissions.c.id == oldest.scalar_subquery())
            .values(lease_owner=owner, lease_until=until, faults=_FAULTS)
            .returning(submissions)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(lease)).one_or_none()
        return None if row is None else submission_from(row)

    async def judged(self, owner: str, chunk: Chunk, until: datetime) -> bool:
        async with self._database.write() as connection:
            if not await _advance(connection, owner, chunk, until):
                return False
            if chunk.turn is not None and (late := await take_turns(connection, [chunk.turn])):
                raise Unreadable(REFUSAL, late[chunk.submission])
            taken = await claim_serials(connection, chunk.judged)
            if taken:
                chunk = chunk.without(ordinals_of(chunk.judged, taken))
            found = [finding for one in chunk.judged for finding in one.findings]
            rows = await _finding_rows(connection, chunk.submission, found)
            await write_judged(connection, chunk.judged, self._grace, rows)
            await _add_counts(connection, chunk.submission, chunk.counts)
        return True

    async def finished(
        self,
        owner: str,
        submission: SubmissionId,
        at: datetime,
        findings: Sequence[Finding],
        entries: Sequence[AuditEntry],
    ) -> bool:
        end = (
            update(submissions)
            .where(*held_by(owner, submission))
            .values(state=SubmissionState.JUDGED.value, judged_at=at, **_ENDED)
        )
        async with self._database.write() as connection:
            if not (await connection.execute(end)).rowcount:
                return False
            await write_findings(connection, await _finding_rows(connection, submission, findings))
            await write_entries(connection, entries)
            await _delete_pieces(connection, submission)
        return True

    async def sweep(self, older_than: datetime) -> int:
        abandoned = (
            select(spool.c.submission)
            .outerjoin(submissions, submissions.c.id == spool.c.submission)
            .where(submissions.c.id.is_(None))
            .group_by(spool.c.submission)
            .having(func.max(spool.c.at, type_=spool.c.at.type) < older_than)
        )
        async with self._database.write() as connection:
            found = (await connection.execute(abandoned)).scalars().all()
            for submission in found:
                await _delete_pieces(connection, SubmissionId(submission))
        return len(found)


def held_by(owner: str, submission: SubmissionId) -> tuple[ColumnElement[bool], ...]:
    """That ``owner`` is judging the submission."""
    return (
        submissions.c.id == submission,
        submissions.c.lease_owner == owner,
        submissions.c.state == SubmissionState.RECEIVED.value,
    )


async def _advance(connection: AsyncConnection, owner: str, chunk: Chunk, until: datetime) -> bool:
    """Move the progress, with all before it told, and renew the lease; also locks the submission until the commit. Who
    gets on has failed for the last time; who only goes on reading has not."""
    got_on = {"faults": 0, "cause": None} if chunk.judged else {}
    step = (
        update(submissions)
        .where(*held_by(owner, chunk.submission), submissions.c.progress == chunk.after)
        .values(progress=chunk.after + len(chunk.judged), told=chunk.after, lease_until=until, **got_on)
    )
    return bool((await connection.execute(step)).rowcount)


async def _finding_rows(
    connection: AsyncConnection, submission: SubmissionId, findings: Sequence[Finding]
) -> Iterable[Row]:
    """Numbered on from those that are stored already."""
    return finding_rows({submission: findings}, await next_finding(connection, submission)) if findings else ()


async def _add_counts(connection: AsyncConnection, submission: SubmissionId, counts: Counts) -> None:
    added = {name: submissions.c[name] + number for name, number in counts_row(counts).items()}
    await connection.execute(update(submissions).where(submissions.c.id == submission).values(added))


async def _delete_pieces(connection: AsyncConnection, submission: SubmissionId) -> None:
    await connection.execute(delete(spool).where(spool.c.submission == submission))
