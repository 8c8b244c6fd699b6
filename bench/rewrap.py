"""Wrapping data keys anew after a rotation: processor time alone, and with SQLite as the job does it."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from bench.report import Figure, Report, Target
from gateway.store.engine import open_database
from gateway.store.migrations import migrate
from keys.files import FileKeys
from tests.contract.sealed_rows import FAST, clock, fill, rewrapper, unreadable

RATE = 20_000
"""Data keys a second of one core, without the database (A27)."""


def run(count: int) -> Report:
    """The benchmark ``rewrap``: ``count`` values in each of three tables."""
    with tempfile.TemporaryDirectory(prefix="bench-rewrap-") as name:
        return asyncio.run(_run(Path(name), count))


async def _run(home: Path, count: int) -> Report:
    url = f"sqlite+aiosqlite:///{home}/gateway.db"
    await migrate(url)
    database = open_database(url)
    keys = FileKeys.create(home / "keys", clock, os.urandom)
    await fill(database, keys.sealer(), count)
    for label in ("records", "federal-tax"):
        keys.rotate(label)
    alone = _alone(home / "older", min(3 * count, 200_000))
    job, begun = rewrapper(database, keys, type(FAST)(1_000, 10**9, FAST.settled)), time.perf_counter()
    while await job.step():
        pass
    seconds = time.perf_counter() - begun
    unread = await unreadable(database, keys.sealer())
    await database.dispose()
    figures: dict[str, Figure] = {
        "values": 3 * count,
        "without_database_per_s": round(alone),
        "with_sqlite_per_s": round(3 * count / seconds),
        "seconds": round(seconds, 1),
    }
    faults = [f"{unread} values are unreadable"] if unread else []
    return Report("rewrap", figures, [Target(f"at least {RATE:,} a second without database", alone >= RATE)], faults)


def _alone(folder: Path, count: int) -> float:
    """Each is unwrapped, wrapped, and unwrapped again to compare."""
    older = FileKeys.create(folder, clock, os.urandom)
    heads = [older.sealer().seal("records", "x", b"") for _ in range(1_000)]
    older.rotate("records")
    sealer, begun = older.sealer(), time.process_time()
    for number in range(count):
        sealer.rewrap_head(heads[number % len(heads)])
    return count / (time.process_time() - begun)
