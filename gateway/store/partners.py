"""Partners and agreements, every version of them, and which partners are paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.ids import Clock
from gateway.core.model import Agreement, AuditEntry, Partner, PartnerKey
from gateway.core.routing import Directory
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.partner_documents import decode_agreement, decode_partner, encode_agreement, encode_partner
from gateway.store.rows import write_entries
from gateway.store.tables import agreements as agreement_versions
from gateway.store.tables import partners as partner_versions
from gateway.store.tables import paused as pauses
from gateway.store.tables import revisions

DIRECTORY = "directory"
_REVISION = select(revisions.c.value).where(revisions.c.name == DIRECTORY)


class StoredPartners:
    """Implements :class:`gateway.core.ports.partners.Partners`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def directory(self) -> Directory:
        async with self._database.read() as connection:
            version = await connection.scalar(_REVISION) or 0
            resting = set(await connection.scalars(select(pauses.c.partner)))
            partners = [
                decode_partner(row.document, row.version, paused=row.key in resting)
                for row in await connection.execute(_newest(partner_versions))
            ]
            agreements = [
                decode_agreement(row.document, row.version)
                for row in await connection.execute(_newest(agreement_versions))
            ]
        return Directory(partners, agreements, version)

    async def version(self) -> int:
        async with self._database.read() as connection:
            return await connection.scalar(_REVISION) or 0

    async def apply(
        self, partners: Sequence[Partner], agreements: Sequence[Agreement], entries: Sequence[AuditEntry]
    ) -> int:
        """As the port says. Entries about ``partner:<key>`` or ``agreement:<key>`` of what did not change are left out,
        all entries when nothing changed."""
        wanted_partners = {str(p.key): encode_partner(p) for p in partners}
        wanted_agreements = {str(a.key): encode_agreement(a) for a in agreements}
        now = self._clock()
        async with self._database.write() as connection:
            await lock_directory(connection)
            changed = {f"partner:{k}" for k in await _add_versions(connection, partner_versions, wanted_partners, now)}
            changed |= {
                f"agreement:{k}" for k in await _add_versions(connection, agreement_versions, wanted_agreements, now)
            }
            if not changed:
                return 0
            named = {f"partner:{key}" for key in wanted_partners} | {f"agreement:{key}" for key in wanted_agreements}
            await grow_revision(connection)
            await write_entries(connection, [e for e in entries if e.object in changed or e.object not in named])
        return len(changed)

    async def pause(self, partner: PartnerKey, entry: AuditEntry, *, paused: bool) -> bool:
        """False for an unknown partner, and for one that is already as wanted."""
        async with self._database.write() as connection:
            await lock_directory(connection)
            known = select(partner_versions.c.key).where(partner_versions.c.key == partner).limit(1)
            if await connection.scalar(known) is None:
                return False
            if paused:
                statement = upsert(connection, pauses).values(partner=partner, at=self._clock())
                changed = await connection.execute(statement.on_conflict_do_nothing())
            else:
                changed = await connection.execute(delete(pauses).where(pauses.c.partner == partner))
            if not changed.rowcount:
                return False
            await grow_revision(connection)
            await write_entries(connection, [entry])
            return True


def _newest(table: Table) -> Select[Any]:
    """The newest version of every key, by key."""
    newest = select(table.c.key, func.max(table.c.version).label("version")).group_by(table.c.key).subquery()
    return (
        select(table.c.key, table.c.version, table.c.document)
        .join(newest, (newest.c.key == table.c.key) & (newest.c.version == table.c.version))
        .order_by(table.c.key)
    )


async def _add_versions(
    connection: AsyncConnection, table: Table, wanted: Mapping[str, str], now: datetime
) -> frozenset[str]:
    """Insert the documents that differ from the newest stored ones; returns their keys."""
    stored: Mapping[str, Row[Any]] = {row.key: row for row in await connection.execute(_newest(table))}
    rows = [
        {"key": key, "version": stored[key].version + 1 if key in stored else 1, "document": document, "at": now}
        for key, document in wanted.items()
        if key not in stored or stored[key].document != document
    ]
    if rows:
        await connection.execute(insert(table), rows)
    return frozenset(str(row["key"]) for row in rows)


async def lock_directory(connection: AsyncConnection) -> None:
    """One change of the directory at a time: the row lock on its revision."""
    first = upsert(connection, revisions).values(name=DIRECTORY, value=0)
    await connection.execute(first.on_conflict_do_nothing())
    await connection.execute(_REVISION.with_for_update())


async def grow_revision(connection: AsyncConnection) -> None:
    await connection.execute(update(revisions).where(revisions.c.name == DIRECTORY).values(value=revisions.c.value + 1))
