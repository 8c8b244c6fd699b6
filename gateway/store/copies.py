"""Copies of a whole database while it serves: SQLite's online backup, pg_dump and pg_restore for PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from gateway.core.errors import Conflict, Misconfigured, Unavailable
from gateway.core.transport import NO_TLS, Transport
from gateway.store.engine import POSTGRESQL_DRIVER, Dialect, parse_url
from gateway.store.errors import translated
from gateway.store.migrations import current
from gateway.store.transport import program_environment

PAGES = 1_000
"""Pages of SQLite copied at a time; writers get their turn in between."""
_PAUSE_SECONDS = 0.01
_PRIVATE = 0o600
_LEAST_LEFT = 2**20
"""Bytes: where pg_dump fails and less is left, that is why."""
_NOT_EMPTY = "The database is not empty: a back-up is restored into an empty one."


def dialect_of(url: str) -> Dialect:
    return Dialect.POSTGRESQL if parse_url(url).drivername == POSTGRESQL_DRIVER else Dialect.SQLITE


async def copy_out(url: str, file: Path, transport: Transport = NO_TLS) -> None:
    """One consistent copy of everything into a new file of mode 0600. Raises Unavailable, and Misconfigured when
    pg_dump is not installed."""
    parsed = parse_url(url)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))
    if dialect_of(url) is Dialect.SQLITE:
        with translated():
            await asyncio.to_thread(_copy_sqlite_out, Path(parsed.database or ""), file)
        return
    own = _environment(parsed, transport)
    try:
        await _run(own, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(file))
    except Unavailable:
        disk = await asyncio.to_thread(os.statvfs, file.parent)
        if disk.f_bavail * disk.f_frsize < _LEAST_LEFT:
            raise _full(file) from None
        raise


async def copy_in(url: str, file: Path, transport: Transport = NO_TLS) -> None:
    """Fill an empty database from a copy. Raises Conflict when there is something in it, and as :func:`copy_out`."""
    parsed = parse_url(url)
    if dialect_of(url) is Dialect.SQLITE:
        target = Path(parsed.database or "")
        with translated():
            await asyncio.to_thread(_fill_sqlite, file, target)
        return
    if await current(url, transport) is not None:
        raise Conflict(_NOT_EMPTY)
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    own = _environment(parsed, transport)
    await _run(own, "pg_restore", *options, "--dbname", parsed.database or "", str(file))


async def readable(dialect: Dialect, file: Path) -> bool:
    """Whether the copy can be read to its end, without a database to put it in."""
    if dialect is Dialect.SQLITE:
        return await asyncio.to_thread(_sound, file)
    try:
        await _run(_inherited(), "pg_restore", "--file", os.devnull, str(file))
    except Unavailable:
        return False
    return True


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        # One look at it from here to the end: with every write of another process the copy would begin anew.
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        old.backup(new, pages=PAGES, sleep=_PAUSE_SECONDS)
        # One file, without a WAL beside it.
        new.execute("PRAGMA journal_mode=DELETE")


def _copy_sqlite_out(source: Path, target: Path) -> None:
    try:
        _copy_sqlite(source, target)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:  # the source is only read
            raise _full(target) from None
        raise


def _full(file: Path) -> Unavailable:
    return Unavailable(
        f"There is no room for the copy in {file.parent}: make some, remove the directory, and run it again."
    )


def _fill_sqlite(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_size:
        raise Conflict(_NOT_EMPTY)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_sqlite(source, target)
    target.chmod(_PRIVATE)


def _sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            (result,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError:
        return False
    return bool(result == "ok")


async def _run(environment: Mapping[str, str], program: str, *arguments: str) -> None:
    """A program of PostgreSQL. What it says is not shown: it may quote rows; the password goes by the environment."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise Misconfigured(f"{program} is not installed; it comes with the clients of PostgreSQL.") from None
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        process.kill()
        raise
    if code != 0:
        raise Unavailable(f"{program} ended with code {code}; it must not be older than the server.")


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _environment(database: URL, transport: Transport) -> dict[str, str]:
    given: Sequence[tuple[str, str | int | None]] = (
        ("PGHOST", database.host),
        ("PGPORT", database.port),
        ("PGUSER", database.username),
        ("PGPASSWORD", database.password),
        ("PGDATABASE", database.database),
    )
    named = {name: str(value) for name, value in given if value}
    return _inherited() | named | program_environment(database, transport)
