"""Pruning the audit log: the oldest entries go, whole bundles of them; their hashes stay, so all later proofs hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, func, or_, select

from gateway.core.model import AuditEntry
from gateway.core.retention import HoldScope
from gateway.store.bulk import one_at_a_time
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import audit_entries, holds, items, records

BUNDLE = 256
"""Entries of one bundle of C2SP tlog-tiles: a log is pruned by these, so that what is published stays whole."""


class StoredPruning:
    """Implements :class:`gateway.core.ports.retention.Pruning`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held_since(self) -> datetime | None:
        query = select(holds.c.scope, holds.c.what).where(holds.c.released_at.is_(None))
        async with self._database.read() as connection:
            found: dict[str, list[str]] = {scope.value: [] for scope in HoldScope}
            for scope, what in await connection.execute(query):
                found[scope].append(what)
            if not any(found.values()):
                return None
            partners = found[HoldScope.PARTNER]
            covered = or_(
                records.c.id.in_(found[HoldScope.RECORD]),
                records.c.case_index.in_([bytes.fromhex(one) for one in found[HoldScope.CASE]]),
                records.c.sender.in_(partners),
                records.c.id.in_(select(items.c.record).where(items.c.partner.in_(partners))),
            )
            oldest: datetime | None = await connection.scalar(
                select(func.min(records.c.received_at, type_=records.c.received_at.type)).where(covered)
            )
        return oldest

    async def prune(self, before: datetime, most: int, entry: Callable[[int, int], AuditEntry]) -> int:
        numbers = audit_entries.c.seq
        async with self._database.write() as connection:
            await one_at_a_time(connection, "audit-log")
            first = await connection.scalar(select(func.min(numbers)))
            if first is None:
                return 0
            upto = int(first)
            for start in range(int(first), int(first) + most * BUNDLE, BUNDLE):
                bundle = select(func.count(), func.max(audit_entries.c.at, type_=audit_entries.c.at.type)).where(
                    numbers >= start, numbers < start + BUNDLE
                )
                count, newest = (await connection.execute(bundle)).one()
                if count < BUNDLE or newest >= before:
                    break
                upto = start + BUNDLE
            if upto > first:
                await connection.execute(delete(audit_entries).where(numbers >= first, numbers < upto))
                await write_entries(connection, [entry(int(first), upto)])
            return upto - int(first)
