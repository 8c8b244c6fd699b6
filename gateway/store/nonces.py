"""Values that count once, kept until nobody would take them any more."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete

from gateway.core.ids import Clock
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.tables import nonces

SWEEP_EVERY = timedelta(seconds=30)
"""How often a process drops what is over: not with each call, which has to be quick."""

LATE = timedelta(minutes=1)
"""How long after its end a value is kept: clocks of our processes may differ."""


class StoredNonces:
    """Implements :class:`gateway.core.ports.callers.Nonces`. Digests are kept, so that whatever a caller sends has one
    length and says nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._swept: datetime | None = None

    async def spend(self, holder: str, value: str, until: datetime) -> bool:
        now = self._clock()
        sweeping = self._swept is None or not timedelta() <= now - self._swept < SWEEP_EVERY
        async with self._database.write() as connection:
            if sweeping:
                await connection.execute(delete(nonces).where(nonces.c.until < now - LATE))
            statement = upsert(connection, nonces).values(
                holder=holder, digest=hashlib.sha256(value.encode()).digest(), until=until
            )
            spent = await connection.execute(statement.on_conflict_do_nothing())
        if sweeping:
            self._swept = now
        return bool(spent.rowcount)
