"""Whether the disk of the database has room. Small writes fit for long into what is free inside its files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from sqlalchemy import text

from gateway.core.errors import GatewayError, Unavailable
from gateway.store.engine import Database, Dialect
from gateway.store.errors import MUCH_LATER

LEAST = 4 * 2**20
"""Bytes: what SQLite's journal grows to between two checkpoints."""
_ROWS = text(
    "CREATE TEMPORARY TABLE room_trial ON COMMIT DROP AS"
    " SELECT repeat('x', 1024) FROM generate_series(1, CAST(:rows AS integer))"
)


async def expect_room(database: Database) -> None:
    """Raises Unavailable when less than :data:`LEAST` fits. What is written for it is gone when this returns."""
    if database.dialect is Dialect.SQLITE:
        await _beside_the_file(database)
        return
    try:
        async with database.write() as connection:
            await connection.execute(text("SET LOCAL temp_tablespaces = ''"))  # where the tables are
            await connection.execute(_ROWS, {"rows": LEAST // 1024})
    except Unavailable:
        raise
    except GatewayError:
        return  # an account that may make no temporary table cannot find out


async def _beside_the_file(database: Database) -> None:
    async with database.read() as connection:
        path = (await connection.execute(text("PRAGMA database_list"))).one()[2]
    if not path:
        return  # in memory
    disk = await asyncio.to_thread(os.statvfs, Path(path).parent)
    if disk.f_bavail * disk.f_frsize < LEAST:
        raise Unavailable(
            f"The database is not available: the disk is full (less than {LEAST // 2**20} MiB are left)",
            code="store-unavailable",
            retry_after=MUCH_LATER,
        )
