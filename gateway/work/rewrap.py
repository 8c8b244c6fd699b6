"""The re-wrap job: after a rotation every data key is wrapped anew by the active key of its label, page by page.

A page and the progress are one transaction: a process that dies at any point loses nothing and repeats nothing.
Each new wrap is opened and compared before it replaces the old one; until then, and if anything fails, the old one
stands. The old key keeps opening what is still under it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Tampered, Unavailable
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor
from gateway.core.ports.rewrapping import Moved, Rewrap, Rewrapping, SealedHead, SealedValues

log = structlog.get_logger()
REWRAPPER = Actor("gateway", "rewrap")
SETTLED = timedelta(minutes=2)
"""After a rotation: every process seals with the new key by then, so that one pass is enough."""
MISSING = "key-unavailable"


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """The keys that seal, by id."""

    active: frozenset[str]
    old: frozenset[str]
    """Those that only open."""
    since: datetime
    """When the newest of the active ones became active."""

    @property
    def goal(self) -> str:
        return " ".join(sorted(self.active))


@dataclass(frozen=True, slots=True)
class Pace:
    page: int = 200
    """Values in one transaction: short enough that nobody waits for its locks."""
    rate: int = 2_000
    """Values a second at most: the job takes days if it must, callers take none of it."""
    settled: timedelta = SETTLED

    @property
    def rest(self) -> float:
        """Seconds that a page may take at least."""
        return self.page / self.rate


@dataclass(frozen=True, slots=True)
class Rewrapper:
    values: SealedValues
    rewrapping: Rewrapping
    keys: Callable[[], SealingKeys]
    scribe: Scribe
    clock: Clock
    mint: Mint
    pace: Pace = Pace()
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def step(self) -> bool:
        """Begin, one page, or end. True while there is more to do. Raises Unavailable when the token or the store is
        away; the next step goes on from there."""
        job = await self._job()
        if job is None:
            return False
        heads = await self.values.heads(job.place, job.after, self.pace.page)
        if heads:
            await self._page(job, heads)
            await self.pause(self.pace.rest)
            return True
        if job.place + 1 < len(self.values.places):
            await self.values.advance(job, replace(job, place=job.place + 1, after=None), ())
            return True
        await self._end(job)
        return False

    async def _job(self) -> Rewrap | None:
        """The pass that runs, or one that begins because there is something to do."""
        keys, last = self.keys(), await self.values.latest()
        if last is not None and last.ended_at is None:
            return last
        if not keys.old or self.clock() < keys.since + self.pace.settled:
            return None
        if last is not None and last.goal == keys.goal and (not last.left or not last.moved):
            return None  # all is done, or what is left cannot be moved
        job = Rewrap(self.mint(), keys.goal, self.clock(), await self._outside(keys))
        await self.values.begin(job)
        log.info("rewrap.started", id=job.id, count=job.total)
        return job

    async def _outside(self, keys: SealingKeys) -> int:
        return sum(count for key, count in (await self.values.wrapped()).items() if key not in keys.active)

    async def _page(self, job: Rewrap, heads: tuple[SealedHead, ...]) -> None:
        moved: list[Moved] = []
        broken = 0
        for head in heads:
            try:
                found = self.rewrapping.rewrap_head(head.head)
            except (Tampered, Unavailable) as problem:
                if isinstance(problem, Unavailable) and problem.problem != MISSING:
                    raise
                broken += 1
                log.error(  # noqa: TRY400 - a traceback may show data
                    "rewrap.broken", name=self.values.places[job.place], id=str(head.row[0]), code=problem.problem
                )
                continue
            if found is not None:
                moved.append(Moved(head.row, *found))
        after = replace(
            job,
            after=heads[-1].row,
            seen=job.seen + len(heads),
            moved=job.moved + len(moved),
            broken=job.broken + broken,
        )
        await self.values.advance(job, after, moved)

    async def _end(self, job: Rewrap) -> None:
        ended = replace(job, ended_at=self.clock(), left=await self._outside(self.keys()))
        outcome = "ok" if not ended.left else "incomplete"
        details = {"seen": ended.seen, "moved": ended.moved, "broken": ended.broken, "left": ended.left}
        entry = self.scribe.entry(REWRAPPER, "key.rewrapped", f"rewrap:{job.id}", outcome, details)
        if await self.values.end(ended, entry):
            log.info("rewrap.ended", id=job.id, count=ended.moved, outcome=outcome)
