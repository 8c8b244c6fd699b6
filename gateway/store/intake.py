"""The commit path: acceptances that wait at the same time share one transaction (group commit).

One writer drains what waits, up to a bound, commits it and tells each waiter its own result; whatever arrives meanwhile
is the next group. When a group fails because of one of its members, it is halved until the guilty one stands alone, so
that the others succeed. A waiter that is cancelled leaves its group untouched.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.acceptance import Acceptance
from gateway.core.errors import GatewayError, Unavailable, Unreadable
from gateway.core.model import Finding, PartnerKey, Submission, SubmissionId
from gateway.core.ports.submissions import Replayed
from gateway.core.succession import REFUSAL
from gateway.core.swift import swift
from gateway.store.at_once import fits, write_at_once
from gateway.store.engine import Database, Dialect
from gateway.store.insertion import Insertion
from gateway.store.judgements import claim_serials, finding_rows, ordinals_of, used_serials, write_judged
from gateway.store.rows import ONLY_OF_BIG_BODIES, counts_row, submission_from, submission_row
from gateway.store.tables import submissions
from gateway.store.turns import take_turns

_SUBMISSIONS = Insertion(
    submissions,
    without=ONLY_OF_BIG_BODIES,
    conflict="ON CONFLICT (sender, idempotency_key) DO NOTHING",
    returning=("id",),
)

Result = Submission | Replayed


@dataclass(frozen=True, slots=True)
class GroupBounds:
    """How much one transaction takes at most: it bounds memory, and how long the last waiter of a group waits."""

    submissions: int = 500
    records: int = 5_000


@swift
class _Waiter:
    acceptance: Acceptance
    result: asyncio.Future[Result]


class StoredIntake:
    """Implements :class:`gateway.core.ports.submissions.Intake`.

    ``announce_grace``: deliveries that are due at once are announced by this process right after the commit; the relay
    finds them that much later (0 when no announcer lives in the process).
    """

    def __init__(
        self, database: Database, announce_grace: timedelta = timedelta(0), bounds: GroupBounds | None = None
    ) -> None:
        self._database = database
        self._grace = announce_grace
        self._bounds = bounds or GroupBounds()
        self._waiting: deque[_Waiter] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self._begun: float | None = None
        """Loop time at which the commit that is under way began."""
        self._slowest = 0.0

    def slowest_commit(self) -> float:
        """Seconds of the slowest commit since this was asked last, the one under way as far as it has come."""
        slowest, self._slowest = self._slowest, 0.0
        if self._begun is not None:
            slowest = max(slowest, asyncio.get_running_loop().time() - self._begun)
        return slowest

    async def accept(self, acceptance: Acceptance) -> Result:
        """As the port says. Cancelled before its group is begun: nothing is written; after that: the commit goes on."""
        if self._closed:
            raise Unavailable("The intake is closing", code="shutting-down")
        waiter = _Waiter(acceptance, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain(), name="intake-writer")
        return await waiter.result

    async def find(self, sender: PartnerKey, idempotency_key: str) -> Submission | None:
        async with self._database.read() as connection:
            return await _find(connection, sender, idempotency_key)

    async def used(self, sender: PartnerKey, serials: Sequence[str]) -> frozenset[str]:
        async with self._database.read() as connection:
            return await used_serials(connection, sender, serials)

    async def close(self) -> None:
        """Take nothing new, commit what waits."""
        self._closed = True
        if self._writer is not None:
            await self._writer

    async def _drain(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while group := self._next_group():
                begun = self._begun = clock()
                await self._settle(group)
                self._slowest = max(self._slowest, clock() - begun)
        finally:  # the writer itself was cancelled: nobody may wait for ever
            self._begun = None
            for waiter in self._waiting:
                _fail(waiter, Unavailable("The intake was stopped", code="shutting-down"))
            self._waiting.clear()

    def _next_group(self) -> list[_Waiter]:
        """The next acceptances in order of arrival, at least one of whatever size; without cancelled waiters."""
        group: list[_Waiter] = []
        records = 0
        while self._waiting and len(group) < self._bounds.submissions:
            size = len(self._waiting[0].acceptance.judged)
            if group and records + size > self._bounds.records:
                break
            waiter = self._waiting.popleft()
            if not waiter.result.done():
                group.append(waiter)
                records += size
        return group

    async def _settle(self, group: Sequence[_Waiter]) -> None:
        """Commit the group and tell every waiter; never raises for a failure of the group."""
        try:
            results = await self._commit([waiter.acceptance for waiter in group])
        except Unavailable as error:  # we are at fault, or the commit is unknown: the sender repeats with its key
            for waiter in group:
                _fail(waiter, Unavailable(error.detail, code=error.problem, retry_after=error.retry_after))
        except asyncio.CancelledError:
            for waiter in group:
                _fail(waiter, Unavailable("The intake was stopped", code="shutting-down"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever a member does, its neighbours must not suffer
            await self._isolate(group, error)
        else:
            for waiter, result in zip(group, results, strict=True):
                _tell(waiter, result)

    async def _isolate(self, group: Sequence[_Waiter], error: Exception) -> None:
        """Nothing of the group was written: commit its halves apart until the guilty member stands alone."""
        if len(group) == 1:
            _fail(group[0], _nameless(error))
            return
        middle = len(group) // 2
        await self._settle(group[:middle])
        await self._settle(group[middle:])

    async def _commit(self, group: Sequence[Acceptance]) -> list[Result | GatewayError]:
        if self._database.dialect is Dialect.POSTGRESQL and fits(group):
            try:
                async with self._database.at_once() as connection:
                    await write_at_once(connection, group, self._grace)
            except IntegrityError:
                pass  # a key or a serial number came before: nothing is written yet
            else:
                return [one.submission for one in group]
        return await self._commit_with_care(group)

    async def _commit_with_care(self, group: Sequence[Acceptance]) -> list[Result | GatewayError]:
        """Replays get the first submission, records whose serial number is taken are refused, and so are files out of
        turn, of which nothing stays: a replay that came along with one is out of turn as well."""
        async with self._database.write() as connection:
            # By key, so that two processes with the same keys wait for each other instead of deadlocking; a stable
            # sort, so that of two submissions with one key the first is stored and the other replayed.
            rows = [submission_row(one.submission) for one in sorted(group, key=_key)]
            stored = {row.id for row in await _SUBMISSIONS.returning(connection, rows)}
            late = await _refuse_late(connection, [one for one in group if one.submission.id in stored])
            taken = stored - late.keys()
            refused = {_bytes(one): late[one.submission.id] for one in group if one.submission.id in late}
            fresh = await _refuse_duplicates(connection, [one for one in group if one.submission.id in taken])
            await self._write(connection, list(fresh.values()))
            return [
                Unreadable(REFUSAL, late[one.submission.id])
                if one.submission.id in late
                else fresh[one.submission.id].submission
                if one.submission.id in taken
                else await _replayed(connection, one, refused)
                for one in group
            ]

    async def _write(self, connection: AsyncConnection, fresh: Sequence[Acceptance]) -> None:
        judged = [judged for one in fresh for judged in one.judged]
        entries = [entry for one in fresh for entry in one.entries]
        found = {one.submission.id: chain(one.findings, *(judged.findings for judged in one.judged)) for one in fresh}
        await write_judged(connection, judged, self._grace, finding_rows(found), entries)


async def _refuse_late(
    connection: AsyncConnection, fresh: Sequence[Acceptance]
) -> Mapping[SubmissionId, tuple[Finding, ...]]:
    """Let new submissions take their turns (a replay takes none); those that may not are gone again."""
    turns = [one.turn for one in fresh if one.turn is not None]
    late = await take_turns(connection, turns) if turns else {}
    if late:
        await connection.execute(delete(submissions).where(submissions.c.id.in_(list(late))))
    return late


async def _refuse_duplicates(
    connection: AsyncConnection, fresh: Sequence[Acceptance]
) -> Mapping[SubmissionId, Acceptance]:
    """Claim the serial numbers of new submissions only (a replay claims nothing); those that lose some are mended."""
    taken = await claim_serials(connection, [judged for one in fresh for judged in one.judged])
    settled = {one.submission.id: one for one in fresh}
    for one in fresh if taken else ():
        ordinals = ordinals_of(one.judged, taken)
        if ordinals:
            mended = one.without(ordinals)
            settled[one.submission.id] = mended
            changes = {"receipt": mended.submission.receipt, **counts_row(mended.submission.counts)}
            statement = update(submissions).where(submissions.c.id == one.submission.id).values(changes)
            await connection.execute(statement)
    return settled


async def _replayed(
    connection: AsyncConnection, one: Acceptance, refused: Mapping[tuple[str, ...], tuple[Finding, ...]]
) -> Result | GatewayError:
    """``refused``: the submissions of the group that are gone again. An error is this replay's alone: whoever is in the
    group with it must not suffer."""
    first = await _find(connection, one.submission.sender, one.submission.idempotency_key)
    if first is not None:
        return Replayed(first)
    if (late := refused.get(_bytes(one))) is not None:
        return Unreadable(REFUSAL, late)
    # Deleted between our two statements, or refused with other bytes: next time the key is free.
    return Unavailable("The first submission with this key is just being removed", code="store-unavailable")


async def _find(connection: AsyncConnection, sender: PartnerKey, idempotency_key: str) -> Submission | None:
    query = select(submissions).where(submissions.c.sender == sender, submissions.c.idempotency_key == idempotency_key)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else submission_from(row)


def _key(acceptance: Acceptance) -> tuple[str, str]:
    return acceptance.submission.sender, acceptance.submission.idempotency_key


def _bytes(acceptance: Acceptance) -> tuple[str, ...]:
    """The same for a submission and its replays."""
    return *_key(acceptance), acceptance.submission.body_digest, acceptance.submission.format


def _tell(waiter: _Waiter, result: Result | GatewayError) -> None:
    if isinstance(result, GatewayError):
        _fail(waiter, result)
    elif not waiter.result.done():
        waiter.result.set_result(result)


def _fail(waiter: _Waiter, error: GatewayError) -> None:
    if not waiter.result.done():
        waiter.result.set_exception(error)


def _nameless(error: Exception) -> GatewayError:
    """What a waiter may know of a failure: messages of drivers and of encoders quote values."""
    if isinstance(error, GatewayError):
        return error
    cause = error.orig if isinstance(error, IntegrityError) and error.orig is not None else error
    return GatewayError(f"The submission could not be stored ({type(cause).__name__})")
