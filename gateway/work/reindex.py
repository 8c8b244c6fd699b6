"""The re-index job: after the index key was replaced, records get their blind indexes anew from their sealed content.

A page is one transaction, and a row says itself under which key it is: a process that dies at any point loses nothing,
and whoever goes on repeats nothing. With a record its case moves as a whole, and the notices of danger about its
persons are placed under the new key as well, whoever placed them and whether or not what said so still exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Tampered, Unavailable
from gateway.core.ids import Clock
from gateway.core.labels import open_record
from gateway.core.model import Actor, RecordId
from gateway.core.people import Renewal, renewal, under
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.indexed import IndexedBody, IndexedRows, Reindexed
from gateway.core.ports.keys import Indexer, Sealer
from gateway.work.examine import case_indexes, indexes
from gateway.work.rewrap import MISSING, SETTLED

log = structlog.get_logger()
REINDEXER = Actor("gateway", "reindex")
AGAIN = timedelta(hours=1)
"""After a pass: what is left then cannot be indexed anew, or came from a process that was late."""


@dataclass(frozen=True, slots=True)
class IndexKeys:
    active: str
    old: frozenset[str]
    """Those that lookups ask under as well."""
    since: datetime
    """When the active one became active."""


@dataclass(frozen=True, slots=True)
class IndexPace:
    page: int = 50
    """Records in one transaction, and between two turns of everybody else."""
    rate: int = 500
    """Records a second at most."""
    settled: timedelta = SETTLED


@dataclass(slots=True)
class Reindexer:
    rows: IndexedRows
    indexer: Indexer
    sealer: Sealer
    canonical: CanonicalForm
    keys: Callable[[], IndexKeys]
    scribe: Scribe
    clock: Clock
    pace: IndexPace = IndexPace()
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    moved: int = 0
    """Of the pass that runs, or ran last."""
    broken: int = 0
    """Records that do not open; they stay as they are and are logged."""
    _after: RecordId | None = None
    _next_at: datetime | None = field(default=None)

    async def step(self) -> bool:
        """One page, or the end of the pass. True while there is more to do. Raises Unavailable when the token or the
        store is away; the next step goes on from there."""
        keys, now = self.keys(), self.clock()
        waits = self._next_at is not None and now < self._next_at
        if not keys.old or waits or now < keys.since + self.pace.settled:
            return False
        self.indexer.refresh()
        if self._after is None:
            self.moved = self.broken = 0
        bodies = await self.rows.bodies(keys.active, self._after, self.pace.page)
        if not bodies:
            await self._end()
            return False
        done = await asyncio.to_thread(self._anew, bodies)
        self.moved += await self.rows.put(done)
        self._after = bodies[-1].id
        await self.pause(self.pace.page / self.pace.rate)
        return True

    def _anew(self, bodies: Sequence[IndexedBody]) -> list[Reindexed]:
        return [one for body in bodies if (one := self._one(body)) is not None]

    def _one(self, body: IndexedBody) -> Reindexed | None:
        try:
            content = self.canonical.read(open_record(self.sealer, body.id, body.sealed))
        except (Tampered, Unavailable) as problem:
            if isinstance(problem, Unavailable) and problem.problem != MISSING:
                raise
            self.broken += 1
            log.error("reindex.broken", id=body.id, code=problem.problem)  # noqa: TRY400 - a traceback may show data
            return None
        keys = self.indexer.keys
        case = case_indexes(self.canonical.facts(content), body.sender, self.indexer)
        persons, _ = indexes(self.canonical.people(content), self.indexer)
        moves = renewal(case, persons, keys) or Renewal(keys)
        return Reindexed(body.id, under(case, keys), under(persons, keys), moves)

    async def _end(self) -> None:
        self._after, self._next_at = None, self.clock() + AGAIN
        if not self.moved and not self.broken:
            return
        outcome = "ok" if not self.broken else "incomplete"
        details = {"moved": self.moved, "broken": self.broken}
        await self.rows.end(self.scribe.entry(REINDEXER, "key.reindexed", "index", outcome, details))
        log.info("reindex.ended", count=self.moved, outcome=outcome)
