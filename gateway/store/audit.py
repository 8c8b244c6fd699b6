"""The audit log: entries as they come, then numbered without gaps, with tiles of hashes and signed checkpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, LargeBinary, Row, Select, Text, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from gateway.core.errors import Conflict
from gateway.core.ids import first_id
from gateway.core.model import AuditEntry, EntryId
from gateway.core.ports.audit_log import Checkpoint, Tile
from gateway.store.bulk import is_postgresql, one_at_a_time, unnested, upsert
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import as_text, entry_from, write_entries
from gateway.store.tables import audit_checkpoints, audit_entries, audit_tiles

_NUMBERED: Mapping[str, TypeEngine[Any]] = {"id": Text(), "seq": BigInteger(), "leaf_hash": LargeBinary()}
_TILES = Insertion(audit_tiles, conflict='ON CONFLICT (level, "index") DO UPDATE SET hashes = excluded.hashes')
_PIECE = 1_000
"""Entries read at a time: memory stays flat however long the log is."""
UNNUMBERED = text("audit_entries.seq IS NULL")
_STRAYS = timedelta(minutes=5)
"""By how much the time in an entry's id may differ from that of the entry."""


def written_since(begin: datetime) -> tuple[ColumnElement[bool], ...]:
    """That an entry is of this time or later: one range of the primary key, for times have no index."""
    return audit_entries.c.id >= first_id(begin, -_STRAYS), audit_entries.c.at >= begin


def written_before(end: datetime) -> tuple[ColumnElement[bool], ...]:
    """That it is of an earlier time."""
    return audit_entries.c.id < first_id(end, _STRAYS), audit_entries.c.at < end


_NO_SIZE = 2**62
"""No log is so long. SQLite takes a text for greater than any number, where somebody wrote one."""


class StoredAuditLog:
    """Implements :class:`gateway.core.ports.audit_log.AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        if not entries:
            return
        async with self._database.write() as connection:
            await write_entries(connection, entries)

    async def unsequenced(self, limit: int) -> tuple[AuditEntry, ...]:
        query = select(audit_entries).where(UNNUMBERED).order_by(audit_entries.c.id).limit(limit)
        async with self._database.read() as connection:
            return tuple(entry_from(row) for row in await connection.execute(query))

    async def integrate(
        self,
        first: int,
        entries: Sequence[EntryId],
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        checkpoint: Checkpoint,
    ) -> None:
        """As the port says; ``leaves`` are leaf hashes. Raises Conflict as well when an entry is unknown or numbered
        already, or when the checkpoint's size is not that of the log with these entries: nothing is written then."""
        if checkpoint.size != first + len(entries):
            raise Conflict("The checkpoint does not close these entries", code="audit-size")
        rows = [
            {"id": id_, "seq": seq, "leaf_hash": leaf}
            for seq, (id_, leaf) in enumerate(zip(entries, leaves, strict=True), first)
        ]
        async with self._database.write() as connection:
            await one_at_a_time(connection, "audit-log")
            size = await connection.scalar(select(func.max(audit_checkpoints.c.size))) or 0
            if size != first:
                raise Conflict(f"The log has {size} entries, not {first}", code="audit-size")
            if await _number(connection, rows) != len(rows):
                raise Conflict("An entry is unknown or has a number already", code="audit-entry")
            await _TILES.write(connection, [{"level": t.level, "index": t.index, "hashes": t.hashes} for t in tiles])
            await _add_checkpoint(connection, checkpoint)

    async def first(self) -> int:
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.min(audit_entries.c.seq))) or 0)

    async def head(self) -> Checkpoint | None:
        newest = await self.checkpoints(1)
        return newest[0] if newest else None

    async def cosign(self, size: int, before: str, after: str) -> bool:
        columns = audit_checkpoints.c
        statement = update(audit_checkpoints).where(columns.size == size, columns.note == before).values(note=after)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def checkpoints(self, limit: int) -> tuple[Checkpoint, ...]:
        query = select(audit_checkpoints).where(audit_checkpoints.c.size < _NO_SIZE)
        return await self._checkpoints(query.order_by(audit_checkpoints.c.size.desc()).limit(limit))

    async def checkpoints_after(self, size: int, limit: int) -> tuple[Checkpoint, ...]:
        columns = audit_checkpoints.c
        larger = select(audit_checkpoints).where(columns.size > size, columns.size < _NO_SIZE)
        return await self._checkpoints(larger.order_by(columns.size).limit(limit))

    async def strayed(self) -> int:
        query = select(func.count()).select_from(audit_checkpoints).where(audit_checkpoints.c.size >= _NO_SIZE)
        async with self._database.read() as connection:
            return int(await connection.scalar(query) or 0)

    async def _checkpoints(self, query: Select[Any]) -> tuple[Checkpoint, ...]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Checkpoint(row.size, row.root, as_text(row.note), row.at) for row in rows)

    async def tile(self, level: int, index: int) -> bytes | None:
        query = select(audit_tiles.c.hashes).where(audit_tiles.c.level == level, audit_tiles.c["index"] == index)
        async with self._database.read() as connection:
            hashes = await connection.scalar(query)
        return hashes if isinstance(hashes, bytes) else None

    async def entries(self, first: int, last: int) -> AsyncIterator[tuple[int, AuditEntry, bytes]]:
        """As the port says, read piece by piece: numbered entries never change, so the pieces fit together. Nothing is
        read beyond the end of the log, however far ``last`` is."""
        while first < last and (found := await self._numbered(first, last)):
            for row in found:
                yield row.seq, entry_from(row), row.leaf_hash
            first = found[-1].seq + 1 if len(found) == _PIECE else last

    async def about(self, obj: str) -> tuple[tuple[int | None, AuditEntry], ...]:
        query = select(audit_entries).where(audit_entries.c.object == obj)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(audit_entries.c.at, audit_entries.c.id))
            return tuple((row.seq, entry_from(row)) for row in rows)

    async def _numbered(self, first: int, last: int) -> Sequence[Row[Any]]:
        """The next piece."""
        query = select(audit_entries).where(audit_entries.c.seq >= first, audit_entries.c.seq < last)
        async with self._database.read() as connection:
            return (await connection.execute(query.order_by(audit_entries.c.seq).limit(_PIECE))).all()


async def _number(connection: AsyncConnection, rows: Sequence[Mapping[str, object]]) -> int:
    """Give unnumbered entries their numbers and leaf hashes; returns how many there were."""
    if not rows:
        return 0
    if is_postgresql(connection):
        new = unnested("new", _NUMBERED, rows)
        together = await connection.execute(
            update(audit_entries)
            .where(audit_entries.c.id == new.c.id, UNNUMBERED)
            .values(seq=new.c.seq, leaf_hash=new.c.leaf_hash)
        )
        return together.rowcount
    each = await connection.execute(
        update(audit_entries)
        .where(audit_entries.c.id == bindparam("new_id"), UNNUMBERED)
        .values(seq=bindparam("new_seq"), leaf_hash=bindparam("new_leaf_hash")),
        [{f"new_{name}": value for name, value in row.items()} for row in rows],
    )
    return each.rowcount


async def _add_checkpoint(connection: AsyncConnection, checkpoint: Checkpoint) -> None:
    """The first checkpoint of a size stays."""
    statement = upsert(connection, audit_checkpoints).values(
        size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, at=checkpoint.at
    )
    await connection.execute(statement.on_conflict_do_nothing())
