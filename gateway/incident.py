"""The report on an incident put together: what the log says of a time, and how the log itself stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from gateway.core.errors import NotFound, Tampered
from gateway.core.incident import SECTIONS, Incident, Log, Scope
from gateway.foundation import Foundation
from gateway.logbook import Logbook
from gateway.store.engine import Limits, open_database
from gateway.store.incidents import StoredIncidents
from gateway.transports import database_transport

PATIENCE = timedelta(minutes=10)
"""How long one statement may take: a person waits for it, not a partner."""
MOST_TALLIES = 1_000


async def report(base: Foundation, scope: Scope, discovered_at: datetime, most: int) -> Incident:
    """The report. ``most``: how many ids of a section are listed. Raises NotFound when there is no such partner."""
    if scope.partner is not None and scope.partner not in (await base.stores.partners.directory()).partners:
        raise NotFound(f"There is no partner {scope.partner}.")
    async with _opened(base) as found:
        tallies = await found.tallies(scope)
        done = {one.action for one in tallies}
        sections = {name: actions for name, actions in SECTIONS.items() if not done.isdisjoint(actions)}
        concerned = asyncio.create_task(found.concerned(scope))  # takes as long as all that is counted beside it
        try:
            listed = [await found.listed(scope, name, actions, most) for name, actions in sections.items()]
            objects, sent = await found.objects(scope), await found.sent(scope)
            await concerned
        finally:
            concerned.cancel()
            await asyncio.gather(concerned, return_exceptions=True)
        return Incident(
            scope=scope,
            made_at=base.clock(),
            discovered_at=discovered_at,
            tallies=tallies[:MOST_TALLIES],
            more_tallies=max(0, len(tallies) - MOST_TALLIES),
            objects=objects,
            listed=tuple(listed),
            sent=sent,
            concerned=concerned.result(),
            log=await _log(base.logbook),
            entries=sum(one.entries for one in tallies),
            first=min((one.first for one in tallies), default=None),
            last=max((one.last for one in tallies), default=None),
        )


async def _log(book: Logbook) -> Log:
    head = await book.newest()
    try:
        await book.examine()
        state = "holds"
    except Tampered as alarm:
        state = alarm.problem
    return Log(head.size if head else 0, await book.audit.first(), head.note if head else "", state)


@asynccontextmanager
async def _opened(base: Foundation) -> AsyncIterator[StoredIncidents]:
    """Over two connections of its own, on which a statement may take longer than a partner would wait."""
    database = open_database(
        base.settings.db.url, Limits(pool_size=2, statement=PATIENCE), database_transport(base.settings)
    )
    try:
        yield StoredIncidents(database)
    finally:
        await database.dispose()
