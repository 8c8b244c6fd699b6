"""The register of wire keys. Changes grow the version of the directory, which every process watches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.errors import Conflict
from gateway.core.model import AuditEntry
from gateway.core.ports.wire_keys import Challenge, StoredKey
from gateway.core.protection import OVERLAP, Algorithm, Material, Stage, Use, WireKey
from gateway.store.engine import Database
from gateway.store.partners import grow_revision, lock_directory
from gateway.store.rows import write_entries
from gateway.store.tables import wire_keys


class StoredWireKeys:
    """Implements :class:`gateway.core.ports.wire_keys.WireKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[StoredKey, ...]:
        query = select(wire_keys).order_by(wire_keys.c.owner, wire_keys.c.added_at, wire_keys.c.id)
        async with self._database.read() as connection:
            return tuple(_key(row) for row in await connection.execute(query))

    async def add(self, keys: Sequence[StoredKey], entries: Sequence[AuditEntry]) -> int:
        async with self._database.write() as connection:
            await lock_directory(connection)
            there = {(row.owner, row.id) for row in await connection.execute(select(wire_keys.c.owner, wire_keys.c.id))}
            fresh = [one for one in keys if (one.key.owner, one.key.id) not in there]
            if not fresh:
                return 0
            await connection.execute(insert(wire_keys), [_row(one) for one in fresh])
            await _check_overlap(connection)
            await grow_revision(connection)
            about = {object_of(one.key.owner, one.key.id) for one in fresh}
            await write_entries(connection, [entry for entry in entries if entry.object in about])
        return len(fresh)

    async def ask(self, owner: str, id_: str, test: Challenge, entry: AuditEntry) -> bool:
        values = {"test_digest": test.digest, "test_until": test.until}
        return await self._change(owner, id_, (Stage.PENDING,), values, entry)

    async def asked(self, owner: str, id_: str) -> Challenge | None:
        query = select(wire_keys.c.test_digest, wire_keys.c.test_until).where(
            wire_keys.c.owner == owner, wire_keys.c.id == id_, wire_keys.c.stage == Stage.PENDING.value
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None or row.test_digest is None else Challenge(row.test_digest, row.test_until)

    async def confirm(self, owner: str, id_: str, at: datetime, entry: AuditEntry) -> bool:
        values = {"stage": Stage.VALID.value, "confirmed_at": at, "test_digest": None, "test_until": None}
        return await self._change(owner, id_, (Stage.PENDING,), values, entry)

    async def retire(self, owner: str, id_: str, at: datetime, entry: AuditEntry) -> bool:
        values = {"stage": Stage.RETIRED.value, "retired_at": at, "sealed": None, "test_digest": None}
        return await self._change(owner, id_, (Stage.PENDING, Stage.VALID), values, entry)

    async def _change(
        self, owner: str, id_: str, stages: Sequence[Stage], values: dict[str, object], entry: AuditEntry
    ) -> bool:
        async with self._database.write() as connection:
            await lock_directory(connection)
            changed = await connection.execute(
                update(wire_keys)
                .where(
                    wire_keys.c.owner == owner,
                    wire_keys.c.id == id_,
                    wire_keys.c.stage.in_([stage.value for stage in stages]),
                )
                .values(values)
            )
            if not changed.rowcount:
                return False
            await grow_revision(connection)
            await write_entries(connection, [entry])
        return True


def object_of(owner: str, id_: str) -> str:
    """What audit entries about a key name."""
    return f"wirekey:{owner or 'gateway'}:{id_}"


async def _check_overlap(connection: AsyncConnection) -> None:
    """Raises Conflict, which undoes the transaction."""
    columns = (wire_keys.c.owner, wire_keys.c.use, wire_keys.c.algorithm)
    live = wire_keys.c.stage != Stage.RETIRED.value
    crowded = select(*columns).where(live).group_by(*columns).having(func.count() > OVERLAP).limit(1)
    found = (await connection.execute(crowded)).one_or_none()
    if found is not None:
        raise Conflict(
            f"{found.owner or 'The gateway'} has {OVERLAP} keys to {found.use} with {found.algorithm} already: "
            "retire one first.",
            code="wire-key-overlap",
        )


def _key(row: Row[Any]) -> StoredKey:
    material = Material(row.id, Algorithm(row.algorithm), row.public, row.certificate, row.expires_at)
    key = WireKey(row.owner, Use(row.use), material, Stage(row.stage), row.added_at, row.confirmed_at)
    return StoredKey(key, row.sealed)


def _row(one: StoredKey) -> dict[str, object]:
    key, material = one.key, one.key.material
    return {
        "owner": key.owner,
        "id": key.id,
        "use": key.use.value,
        "algorithm": key.algorithm.value,
        "stage": key.stage.value,
        "public": material.public,
        "certificate": material.certificate,
        "sealed": one.sealed,
        "added_at": key.added_at,
        "confirmed_at": key.confirmed_at,
        "retired_at": None,
        "expires_at": material.expires_at,
        "test_digest": None,
        "test_until": None,
    }
