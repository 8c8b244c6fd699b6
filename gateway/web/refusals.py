"""Audit entries for callers that were turned away: the first of each minute at once, the rest of it counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.audit_log import AuditLog
from gateway.core.unproven import UNKNOWN

WINDOW = timedelta(minutes=1)
_MOST_WINDOWS = 1000
_log = structlog.get_logger()


@dataclass(slots=True)
class _Window:
    begun: datetime
    uncounted: int
    """Refusals since the window's first that no entry tells yet."""


class Refusals:
    """Writes ``access.refused``: a flood of refusals makes two entries a minute for each caller and reason."""

    def __init__(self, audit: AuditLog, scribe: Scribe, clock: Clock) -> None:
        self._audit, self._scribe, self._clock = audit, scribe, clock
        self._windows: dict[tuple[Actor, str], _Window] = {}

    async def note(self, actor: Actor, outcome: str) -> None:
        """One refusal. Never raises for a store that is away: the refusal stays counted and is written later."""
        key = (actor, outcome)
        if key not in self._windows and len(self._windows) >= _MOST_WINDOWS:
            key = (UNKNOWN, outcome)  # so many callers at once are an attack: memory stays bounded
        now = self._clock()
        window = self._windows.get(key)
        if window is not None and now - window.begun < WINDOW:
            window.uncounted += 1
            return
        before = window.uncounted if window else 0
        self._windows[key] = _Window(now, 0)
        if not await self._write([self._entry(key, 1), *([self._entry(key, before)] if before else [])]):
            self._windows[key].uncounted += before + 1

    async def settle(self, *, everything: bool = False) -> None:
        """Write what was counted in windows that are over (or in all of them, before the process ends)."""
        now = self._clock()
        over = {key: w for key, w in self._windows.items() if everything or now - w.begun >= WINDOW}
        for key in over:
            del self._windows[key]
        entries = [self._entry(key, window.uncounted) for key, window in over.items() if window.uncounted]
        if entries and not await self._write(entries):
            for key, window in over.items():
                self._windows.setdefault(key, _Window(now, 0)).uncounted += window.uncounted

    def _entry(self, key: tuple[Actor, str], count: int) -> AuditEntry:
        actor, outcome = key
        return self._scribe.entry(actor, "access.refused", "api", outcome, {"count": count})

    async def _write(self, entries: list[AuditEntry]) -> bool:
        try:
            await self._audit.write(entries)
        except Unavailable as error:
            _log.warning("refusals.unwritten", code=error.problem)
            return False
        return True
