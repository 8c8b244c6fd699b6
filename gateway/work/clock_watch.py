"""The watch on the process's own clock: tells once when it goes wrong and once when it is right again (AU-8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.ids import Clock
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.times import Times
from gateway.core.skew import Against, Pace, Skew, against_log, against_server, told

log = structlog.get_logger()

Seconds = Callable[[], float]
"""Seconds that pass evenly, whatever the clock is set to."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class References:
    """What a clock can be compared with, and the clock."""

    times: Times
    clock: Clock
    seconds: Seconds

    async def server(self) -> Skew | None:
        """Against the database server; None when there is none. Raises Unavailable."""
        asked, left = self.clock(), self.seconds()
        theirs = await self.times.server()
        passed = timedelta(seconds=self.seconds() - left)
        return None if theirs is None else against_server(asked, passed, theirs)

    async def examine(self) -> str:
        """One look, for a person: ``ok``, or by how much it is wrong. Raises Unavailable."""
        newest = await self.times.newest()
        found = {
            Against.DATABASE: await self.server(),
            Against.LOG: None if newest is None else against_log(self.clock(), newest),
        }
        return "; ".join(told(against, skew) for against, skew in found.items() if skew and skew.wrong) or "ok"


@dataclass(slots=True)
class ClockWatch:
    references: References
    audit: AuditLog
    scribe: Scribe
    process: str
    """Its name, for the audit log."""
    observe: Callable[[Against, float], None]
    """Seconds that our clock is ahead."""
    _pace: Pace = field(default_factory=Pace)
    _newest: datetime | None = None
    """Of the log, at the start: later entries are ours as well."""
    _wrong: set[Against] = field(default_factory=set)
    _unwritten: list[AuditEntry] = field(default_factory=list)

    async def begin(self) -> None:
        """The first look, before this process writes what would be the newest entry. Raises Unavailable."""
        self._newest = await self.references.times.newest()
        await self.step()

    async def step(self) -> bool:
        """Look once. False always: there is no more to do at once. Raises Unavailable."""
        now, seconds = self.references.clock(), self.references.seconds()
        self._judge(Against.MONOTONIC, self._pace.look(now, seconds))
        if self._newest is not None:
            self._judge(Against.LOG, against_log(now, self._newest))
        if (skew := await self.references.server()) is not None:
            self._judge(Against.DATABASE, skew)
        await self._write()
        return False

    def _judge(self, against: Against, skew: Skew) -> None:
        self.observe(against, skew.by.total_seconds())
        if skew.wrong and against not in self._wrong:
            self._wrong.add(against)
            log.warning("clock.skewed", kind=against, seconds=skew.by.total_seconds(), hint=told(against, skew))
            self._enter("clock.skewed", against, skew)
        elif skew.right and against in self._wrong:
            self._wrong.remove(against)
            log.info("clock.right", kind=against, seconds=skew.by.total_seconds())
            self._enter("clock.right", against, skew)

    def _enter(self, action: str, against: Against, skew: Skew) -> None:
        actor, details = Actor("gateway", "clock"), {"milliseconds": skew.by // _MILLISECOND}
        self._unwritten.append(self.scribe.entry(actor, action, f"process:{self.process}", against, details))

    async def _write(self) -> None:
        """Entries that the store did not take wait for the next look."""
        await self.audit.write(self._unwritten)
        self._unwritten = []
