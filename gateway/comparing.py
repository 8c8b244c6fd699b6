"""The rows of the store against the entries of the log: who changes a row by hand leaves no entry, and is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.standings import Standings
from gateway.core.standing import Contradiction, contradiction
from gateway.logbook import PRUNED, PRUNED_OBJECT

MOST_TOLD = 1_000
"""More are counted and not named."""
PROGRESS_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many rows were looked at, how many of them or of the entries contradict, and the first of these."""

    rows: int
    contradictions: int
    first: tuple[Contradiction, ...]


async def compare(standings: Standings, audit: AuditLog, progress: Callable[[int], None] | None = None) -> Comparison:
    """Every submission, record and delivery against the newest entry that speaks of its state, and every such entry
    against the row that it is about. ``progress`` gets the number of rows so far."""
    pruned = any(entry.action == PRUNED for _number, entry in await audit.about(PRUNED_OBJECT))
    rows = count = 0
    named: list[Contradiction] = []

    def note(found: Contradiction | None) -> None:
        nonlocal count
        if found is not None:
            count += 1
            named.extend([found] if len(named) < MOST_TOLD else [])

    async for standing in standings.rows():
        rows += 1
        note(contradiction(standing, pruned=pruned))
        if progress and rows % PROGRESS_EVERY == 0:
            progress(rows)
    async for standing in standings.lost():
        note(contradiction(standing, pruned=pruned))
    async for standing in standings.closed():
        note(Contradiction(standing.object, standing.said[-1].action, standing.state))
    return Comparison(rows, count, tuple(named))
