"""The backlog: spooled submissions are judged in chunks, each chunk one commit, from where the last one ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.core.acceptance import Chunk, Judged, total
from gateway.core.attestation import attested, lacking
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Unreadable
from gateway.core.ids import Clock, Mint
from gateway.core.labels import open_labelled
from gateway.core.model import (
    Actor,
    Delivery,
    Finding,
    FormatName,
    Partner,
    PartnerKey,
    RecordId,
    RuleCode,
    Submission,
)
from gateway.core.ports.crew import Crew, Examination, Examined
from gateway.core.ports.formats import FileHeader, Format, Frame, Reader
from gateway.core.ports.keys import Sealer
from gateway.core.ports.submissions import Spool
from gateway.core.routing import Directory
from gateway.core.succession import Successions, Turn
from gateway.core.whole_file import WholeFile
from gateway.work.acknowledging import LONGEST, Acknowledging
from gateway.work.found import found_in
from gateway.work.patience import Patience
from gateway.work.pieces import spool_context
from gateway.work.returns import Returns
from gateway.work.route import Origin, Router

log = structlog.get_logger()


_Pending = deque[tuple[tuple[Frame, ...], asyncio.Task[tuple[Examined, ...]]]]
"""Chunks of frames that are being examined, in order."""


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    chunk: int = 500
    """Records of one commit."""
    ahead: int = 8
    """Chunks being examined while one is committed: as many as are committed while the same worker composes a big
    delivery. Bounds memory."""
    at_once: int = 100
    """Records routed between two turns of the event loop: about 4 ms."""
    lease: timedelta = timedelta(minutes=2)


@dataclass(slots=True)
class _Work:
    """One submission that is being judged."""

    submission: Submission
    sender: Partner
    reader: Reader
    accepted: int
    """Records of it so far."""
    commit: asyncio.Task[None] | None = None
    """Of one chunk, while the next one is judged."""
    headers: Sequence[FileHeader] = ()
    """All of them, once the file has been read to its end; till then the reader's."""

    async def committed(self) -> None:
        """Wait for the commit that is under way. Raises what it ended with, once."""
        commit, self.commit = self.commit, None
        if commit is not None:
            await commit

    def abandon(self) -> None:
        """Let the commit that is under way be rolled back."""
        commit, self.commit = self.commit, None
        if commit is not None:
            commit.cancel()


@dataclass(slots=True)
class Backlog:
    """Judges received submissions one after the other, of two senders in turns: many big files of one must not keep all
    others waiting. Any process may run it; a lease keeps two from the same body."""

    owner: str
    spool: Spool
    patience: Patience
    formats: Callable[[FormatName], Format]
    crew: Crew
    router: Router
    sealer: Sealer
    scribe: Scribe
    clock: Clock
    mint: Mint
    directory: Callable[[], Directory]
    announce: Callable[[tuple[Delivery, ...]], None]
    whole: WholeFile
    returns: Returns | None = None
    acknowledging: Acknowledging | None = None
    """Both as in :class:`gateway.work.intake.Desk`."""
    successions: Successions = field(default_factory=Successions)
    limits: BacklogLimits = field(default_factory=BacklogLimits)
    _last: PartnerKey | None = None
    """Whose submission was taken last."""

    async def step(self) -> bool:
        """Judge the oldest received submission to its end, one of another sender than the last first. False: there was
        none, or somebody else took it over."""
        await self.patience.make_good()
        now = self.clock()
        submission = await self.spool.claim(self.owner, now, now + self.limits.lease, self._last)
        if submission is None:
            return False
        self._last = submission.sender
        return await self.patience.judging(submission, self._through)

    async def _through(self, submission: Submission) -> bool:
        """Judge it to its end."""
        sender = self.directory().partners[submission.sender]
        work = _Work(submission, sender, self.formats(submission.format).reader(), submission.counts.accepted)
        try:
            if refused := await self._refused(work):
                return await self._finish(submission, *refused)
            await self._tell_last(work)
            await self._judge(work)
        except _TakenOver:
            return False
        except Unreadable as error:
            late = tuple(one for one in error.findings if isinstance(one, Finding))
            return await self._finish(submission, (*work.reader.findings, *late), late[0].rule)
        return await self._finish(submission, work.reader.findings)

    async def _judge(self, work: _Work) -> None:
        """Judge what is left of the body. When it returns or fails, no commit is under way any more."""
        pending: _Pending = deque()
        done = work.submission.progress
        try:
            async for frames in self._chunks(work.submission, work.reader):
                pending.append((frames, asyncio.create_task(self._examine(work, frames))))
                if len(pending) > self.limits.ahead:
                    done = await self._next(work, done, pending)
            while pending:
                done = await self._next(work, done, pending)
        except asyncio.CancelledError:
            work.abandon()
            raise
        finally:
            for _, task in pending:
                task.cancel()
            await work.committed()

    async def _refused(self, work: _Work) -> tuple[Sequence[Finding], RuleCode] | None:
        """Read a file with controls to its end before anything of it is taken; the rule for which it is refused. What
        has been taken in part was read before."""
        submission = work.submission
        if submission.format not in self.whole.formats or work.accepted:
            return None
        reader = self.formats(submission.format).reader()
        renew_at = self.clock() + self.limits.lease / 2
        async for frame in self._frames(submission, reader):
            if frame.ordinal % self.limits.chunk == 0 and self.clock() >= renew_at:
                await self._commit(Chunk(submission.id, 0, ()))
                renew_at = self.clock() + self.limits.lease / 2
        work.headers = reader.headers
        rule = self.whole.refused_by(reader.findings)
        return None if rule is None else (reader.findings, rule)

    async def _tell_last(self, work: _Work) -> None:
        """Tell the sender of the chunk that was committed last: the process that did may have ended before it told
        anything. What was told already is said under the same key, so it is told once."""
        one = work.submission
        if one.told == one.progress or not self._returning(work):
            return
        frames: list[Frame] = []
        async with aclosing(self._frames(one, self.formats(one.format).reader())) as read:
            async for frame in read:
                if frame.ordinal > one.progress:
                    break
                if frame.ordinal > one.told:
                    frames.append(frame)
        if self.returns is not None:
            await self.returns.tell_again(work.sender, one, frames, one.told)

    def _returning(self, work: _Work) -> bool:
        """Whether the sender wants error returns."""
        format_ = work.submission.format
        return self.returns is not None and self.returns.wanted(work.sender.key, format_, self.directory())

    async def _chunks(self, submission: Submission, reader: Reader) -> AsyncIterator[tuple[Frame, ...]]:
        """Frames after the progress made so far, in chunks."""
        waiting: list[Frame] = []
        async for frame in self._frames(submission, reader):
            if frame.ordinal > submission.progress:
                waiting.append(frame)
            if len(waiting) == self.limits.chunk:
                yield tuple(waiting)
                waiting = []
        if waiting:
            yield tuple(waiting)

    async def _frames(self, submission: Submission, reader: Reader) -> AsyncGenerator[Frame]:
        async for piece in self._pieces(submission):
            for frame in reader.feed(piece):
                yield frame
        for frame in reader.finish():
            yield frame

    async def _pieces(self, submission: Submission) -> AsyncIterator[bytes]:
        """The body as it came."""
        number = 0
        async for sealed in self.spool.pieces(submission.id):
            yield open_labelled(self.sealer, spool_context(submission.id, number), sealed)
            number += 1

    async def _examine(self, work: _Work, frames: tuple[Frame, ...]) -> tuple[Examined, ...]:
        submission = work.submission
        ids = tuple(RecordId(self.mint()) for _ in frames)
        day = submission.received_at.date()
        lacks = lacking(work.sender, submission.attested or "")
        task = Examination(submission.format, work.sender, work.reader.heading, frames, ids, day, lacks)
        return await self.crew.examine(task)

    async def _next(self, work: _Work, done: int, pending: _Pending) -> int:
        submission = work.submission
        frames, task = pending[0]
        examined = await task
        pending.popleft()
        word = attested(submission.attested or "")
        origin = Origin(submission.id, submission.sender, submission.received_at, attested=word)
        judged = await self._routed(examined, origin)
        accepted = total(judged).accepted
        chunk = Chunk(submission.id, done, judged, self._turn(work, accepted))
        work.accepted += accepted
        await work.committed()
        work.commit = asyncio.create_task(self._kept(work, frames, chunk))
        return done + len(judged)

    async def _routed(self, examined: Sequence[Examined], origin: Origin) -> tuple[Judged, ...]:
        """In slices: the commit that is under way, and everybody else, gets its turn in between."""
        judged: list[Judged] = []
        for start in range(0, len(examined), self.limits.at_once):
            judged += self.router.judge(examined[start : start + self.limits.at_once], origin, self.directory())
            await asyncio.sleep(0)
        return tuple(judged)

    async def _kept(self, work: _Work, frames: tuple[Frame, ...], chunk: Chunk) -> None:
        await self._commit(chunk)
        if self.returns is not None and self._returning(work):
            await self.returns.tell(work.sender, work.submission, frames, chunk.judged, part=chunk.after)

    def _turn(self, work: _Work, accepted: int) -> Turn | None:
        """The file's place among its sender's files; it is taken with the first accepted records."""
        one = work.submission
        if work.accepted or not accepted:
            return None
        return self.successions.turn(work.sender, one.format, work.headers or work.reader.headers, one.id)

    async def _commit(self, chunk: Chunk) -> None:
        if not await self.spool.judged(self.owner, chunk, self.clock() + self.limits.lease):
            raise _TakenOver
        self.announce(tuple(d for j in chunk.judged for d in j.deliveries))

    async def _acknowledge(self, submission: Submission, found: Sequence[Finding]) -> None:
        """While the body is still there. A crash before the end acknowledges the same again, under the same key."""
        told, directory = self.acknowledging, self.directory()
        if told is None or not told.wanted(submission.sender, submission.format, directory):
            return
        if submission.body_size > LONGEST:
            log.warning("acknowledgement.too_long", id=submission.id)
            return
        body = b"".join([piece async for piece in self._pieces(submission)])
        findings = (*found, *await found_in(told.submissions, submission.id))
        sender = directory.partners[submission.sender]
        await told.tell(sender, submission.id, submission.format, body, findings)

    async def _finish(self, submission: Submission, found: Sequence[Finding], refused: RuleCode | None = None) -> bool:
        await self._acknowledge(submission, found)
        action = "submission.refused" if refused else "submission.judged"
        entry = self.scribe.entry(Actor("gateway", "intake"), action, f"submission:{submission.id}", refused or "ok")
        ended = await self.spool.finished(self.owner, submission.id, self.clock(), tuple(found), [entry])
        if ended:
            log.info(action, id=submission.id)
        return ended


class _TakenOver(Exception):
    """Another process holds the submission now."""
