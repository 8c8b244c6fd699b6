"""The pressure on this process, measured every other second: what waits in the store, commits, memory. It moves the
door for submissions; a change is logged and written into the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.admission import Gauge, undelivered
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.admission import Waits
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.health import Health
from gateway.core.routing import Directory
from gateway.work.admission import Door

log = structlog.get_logger()
PATIENCE = timedelta(seconds=5)
"""For the store to say what waits: far longer than it takes, far shorter than its own time-outs."""
_CROWD_EVERY = timedelta(minutes=1)
_SELDOM = 50
"""The store is left alone so many times as long as it took to answer: measuring must not be what it is busy with."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where figures come from. ``commit`` gives seconds of the slowest commit since it was last asked, one under way
    included; ``memory`` the process's resident bytes."""

    waits: Waits
    health: Health
    directory: Callable[[], Directory]
    commit: Callable[[], float]
    memory: Callable[[], int]


async def waiting(sources: Sources, now: datetime) -> Mapping[Gauge, float]:
    """Seconds that what waits in the store has waited. Raises Unavailable."""
    found = await sources.waits.look()
    since = found.unjudged_since
    breakers = {row.partner: row.state for row in await sources.health.breakers()} if found.owed else {}
    return {
        Gauge.UNJUDGED: 0.0 if since is None else max(0.0, (now - since).total_seconds()),
        Gauge.UNDELIVERED: undelivered(found.owed, sources.directory(), breakers, now),
    }


@dataclass(slots=True)
class Pressure:
    door: Door
    sources: Sources
    audit: AuditLog
    scribe: Scribe
    clock: Clock
    process: str
    """Its name, for the audit log."""
    observe: Callable[[Mapping[Gauge, float], frozenset[Gauge]], None]
    _answered: datetime | None = None
    """When the store last answered."""
    _ask_at: datetime | None = None
    _crowd_at: datetime | None = None
    _unwritten: list[AuditEntry] = field(default_factory=list)

    async def step(self) -> bool:
        """Measure once and move the door. Never raises for a store that is away: that closes the door."""
        now = self.clock()
        measured = {Gauge.COMMIT: self.sources.commit(), Gauge.MEMORY: float(self.sources.memory())}
        if self._ask_at is None or not now < self._ask_at <= now + timedelta(minutes=1):
            measured |= await self._ask(now)
        refused, closed = self.door.refused, bool(self.door.closed)
        if self.door.follow(measured):
            self._note(refused if closed else 0)
        self._note_crowd(now)
        self.observe(measured, self.door.closed)
        await self._write()
        return False

    async def _ask(self, now: datetime) -> Mapping[Gauge, float]:
        if self._answered is None or self._answered > now:
            self._answered = now
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                found = await waiting(self.sources, now)
        except (Unavailable, TimeoutError):
            # What waits is not known: it stays as it was.
            return {Gauge.STORE: (self.clock() - self._answered).total_seconds()}
        self._answered = self.clock()
        self._ask_at = self._answered + _SELDOM * max(timedelta(), self._answered - now)
        return {Gauge.STORE: 0.0, **found}

    def _note(self, refused: int) -> None:
        closed = sorted(self.door.closed)
        if closed:
            log.warning("admission.closed", code=" ".join(closed), count=refused)
        else:
            log.info("admission.opened", count=refused)
        action, outcome = ("admission.closed", "-".join(closed)) if closed else ("admission.opened", "ok")
        self._enter(action, outcome, refused)

    def _note_crowd(self, now: datetime) -> None:
        """Those who were turned away because too many were under way: one entry a minute."""
        if self.door.crowded and not (self._crowd_at and now - _CROWD_EVERY < self._crowd_at <= now):
            self._crowd_at = now
            log.warning("admission.crowded", count=self.door.crowded)
            self._enter("admission.closed", "crowd", self.door.crowded)
            self.door.crowded = 0

    def _enter(self, action: str, outcome: str, refused: int) -> None:
        actor = Actor("gateway", "admission")
        self._unwritten.append(
            self.scribe.entry(actor, action, f"process:{self.process}", outcome, {"refused": refused})
        )

    async def _write(self) -> None:
        """Entries that the store did not take wait for the next round."""
        entries, self._unwritten = self._unwritten, []
        try:
            await self.audit.write(entries)
        except Unavailable:
            self._unwritten = entries
