"""How to reach the database: PostgreSQL through asyncpg, or one SQLite file through aiosqlite.

PostgreSQL: every write is its own transaction (READ COMMITTED), every read a snapshot (REPEATABLE READ, read only).
SQLite: WAL with ``synchronous=FULL`` (NORMAL loses commits on power loss). It has a single writer, so a pool of one
connection makes the writers of the process queue up in order instead of meeting SQLITE_BUSY; reads have connections of
their own that cannot write.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Thread
from typing import Any, Protocol
from weakref import WeakSet

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.transport import NO_TLS, Transport
from gateway.store.errors import MUCH_LATER, translated
from gateway.store.transport import driver_tls

POSTGRESQL_DRIVER = "postgresql+asyncpg"
SQLITE_DRIVER = "sqlite+aiosqlite"


THREADS_END_SECONDS = 2.0
"""For the worker threads of SQLite connections to end when the database is closed."""


class Dialect(StrEnum):
    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the database may take and how many connections we hold.

    A statement that takes longer than ``statement`` is cut off, because the caller's own time-out has passed by then;
    waiting for a row lock longer than ``lock`` means that another process hangs; ``connect`` is short so that a
    readiness probe tells the truth.
    """

    pool_size: int = 8
    statement: timedelta = timedelta(seconds=30)
    lock: timedelta = timedelta(seconds=5)
    connect: timedelta = timedelta(seconds=5)


class Database:
    """Transactions on one database. Foreign exceptions leave it translated (``gateway.store.errors``)."""

    def __init__(
        self,
        dialect: Dialect,
        writer: AsyncEngine,
        reader: AsyncEngine,
        threads: WeakSet[Thread] | None = None,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dialect = dialect
        self._writer, self._reader = writer, reader
        self._seconds = seconds
        self._plain = writer.execution_options(isolation_level="AUTOCOMMIT")
        """The writer's connections, each statement on which is a transaction of its own."""
        self._threads = WeakSet[Thread]() if threads is None else threads
        self.write_failed = False
        """Whether the database did not take the last write of this process: a full disk, a standby."""
        self._full: tuple[Unavailable, float] | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises or is cancelled."""
        with self._writing():
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[AsyncConnection]:
        """For one statement of PostgreSQL that is a transaction of its own: no BEGIN, no COMMIT."""
        with self._writing():
            async with self._plain.connect() as connection:
                yield connection

    @property
    def full(self) -> Unavailable | None:
        """Why a write failed not long ago that a person has to mend, such as a full disk. Small writes that fit all the
        same, into room that got free inside the files, tell nothing."""
        if self._full is not None and self._seconds() >= self._full[1]:
            self._full = None
        return None if self._full is None else self._full[0]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except Unavailable as error:
            self.write_failed = True
            if error.retry_after >= MUCH_LATER:
                self._full = (error, self._seconds() + error.retry_after.total_seconds())
            raise
        self.write_failed = False

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For one statement that reads: one round trip on PostgreSQL, where a transaction takes three."""
        if self.dialect is Dialect.POSTGRESQL:
            with translated():
                async with self._plain.connect() as connection:
                    yield connection
        else:
            async with self.read() as connection:
                yield connection

    async def outside(self, statements: Sequence[str]) -> None:
        """Run statements outside any transaction, one by one: housekeeping of the database itself."""
        with translated():
            async with self._plain.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None  # noqa: S101 - a connection that is open has one
                for statement in statements:
                    await raw.execute(statement)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One read-only transaction that sees one state of the database."""
        with translated():
            async with self._reader.connect() as connection, connection.begin():
                yield connection

    async def dispose(self) -> None:
        """Close all connections. Open transactions of other tasks end with their connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        # A connection whose task was cancelled is stopped in the background; its thread must not outlive the loop.
        await asyncio.to_thread(_join, tuple(self._threads))


def open_database(url: str, limits: Limits | None = None, transport: Transport = NO_TLS) -> Database:
    """The database at ``postgresql+asyncpg://user@host/name`` or ``sqlite+aiosqlite:///path``; connects lazily.

    Raises Misconfigured for any other URL, and for a server beyond this machine when ``transport`` has no TLS to it.
    """
    parsed = parse_url(url)
    limits = limits or Limits()
    return _postgresql(parsed, limits, transport) if parsed.drivername == POSTGRESQL_DRIVER else _sqlite(parsed, limits)


def parse_url(url: str) -> URL:
    """The URL, checked. Raises Misconfigured, without the password that it may carry."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise Misconfigured("The database URL cannot be read") from None
    if parsed.drivername not in (POSTGRESQL_DRIVER, SQLITE_DRIVER):
        raise Misconfigured(f"The database URL must start with {POSTGRESQL_DRIVER}:// or {SQLITE_DRIVER}:///")
    if parsed.drivername == SQLITE_DRIVER and parsed.database in (None, "", ":memory:"):
        raise Misconfigured("A SQLite database needs a file: nothing in memory is durable")
    return parsed


def _postgresql(url: URL, limits: Limits, transport: Transport) -> Database:
    milliseconds = {"statement_timeout": limits.statement, "lock_timeout": limits.lock}
    settings = {name: str(int(value.total_seconds() * 1000)) for name, value in milliseconds.items()}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.statement.total_seconds(),
        connect_args={
            "ssl": driver_tls(url, transport),
            "timeout": limits.connect.total_seconds(),
            # The server cuts a statement off first; this one is for a network that swallows the answer.
            "command_timeout": limits.statement.total_seconds() + limits.connect.total_seconds(),
            "server_settings": {
                "application_name": "gateway",
                "synchronous_commit": "on",  # accepted means durable, whatever the role's default says
                "jit": "off",  # our statements are short: compiling them costs more than it saves
                # We ask for few rows by key. With the default, meant for disks that turn, the planner reads a whole
                # young table instead, of which it has no statistics yet.
                "random_page_cost": "1.1",
                **settings,
            },
        },
    )
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(Dialect.POSTGRESQL, engine, snapshot)


def _sqlite(url: URL, limits: Limits) -> Database:
    threads = WeakSet[Thread]()
    writer = _sqlite_engine(url, limits, threads, pool_size=1, begin="BEGIN IMMEDIATE")
    reader = _sqlite_engine(url, limits, threads, pool_size=limits.pool_size, begin="BEGIN", read_only=True)
    return Database(Dialect.SQLITE, writer, reader, threads)


def _join(threads: Sequence[Thread]) -> None:
    """Wait for the worker threads of closed connections, together no longer than :data:`THREADS_END_SECONDS`."""
    ends = time.monotonic() + THREADS_END_SECONDS
    for thread in filter(Thread.is_alive, threads):
        thread.join(max(0.0, ends - time.monotonic()))


def _sqlite_engine(
    url: URL, limits: Limits, threads: WeakSet[Thread], *, pool_size: int, begin: str, read_only: bool = False
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.statement.total_seconds(),
    )
    pragmas = (
        # First, so that switching to WAL waits for another process that is just doing the same.
        f"PRAGMA busy_timeout={int(limits.lock.total_seconds() * 1000)}",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        "PRAGMA journal_size_limit=67108864",
        # Deleted bytes are overwritten with zeros, as some builds of SQLite do anyway: an erased record stays nowhere.
        "PRAGMA secure_delete=ON",
        *(("PRAGMA query_only=ON",) if read_only else ()),
    )

    def _begun(*arguments: Any, **options: Any) -> aiosqlite.Connection:  # noqa: ANN401 - aiosqlite's own
        """A connection whose thread is known before it starts: who is called off while it connects leaves it behind."""
        connection = aiosqlite.connect(*arguments, **options)
        thread: Thread = connection._thread  # noqa: SLF001 - aiosqlite has no public way to await its end
        thread.daemon = True
        threads.add(thread)
        return connection

    @event.listens_for(engine.sync_engine, "do_connect")
    def _connecting(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        options |= {"async_creator_fn": _begun, "factory": _LettingGo}

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: _SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class _LettingGo(sqlite3.Connection):
    """Without a rollback, a statement that was called off keeps the lock until Python drops its cursor."""

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


class _SqliteConnection(Protocol):
    isolation_level: str | None

    def cursor(self) -> Any: ...  # noqa: ANN401 - the driver's cursor has no published type
