"""The history of the schema. The revisions add up to exactly ``gateway.store.tables.metadata`` (a test compares)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from gateway.core.errors import Misconfigured
from gateway.core.transport import NO_TLS, Transport
from gateway.store.engine import Dialect, Limits, open_database
from gateway.store.tables import audit_entries

NEWER = "of a later version of the gateway: run that version, or restore a back-up from before it"
"""What to tell of a database that :func:`is_newer`."""
_PATIENT = Limits(pool_size=1, statement=timedelta(hours=2), lock=timedelta(minutes=1))
"""A revision may rewrite a big table; another process that is just migrating may take a while."""
_LOCK = 0x6761_7465_7761_79
"""The advisory lock of PostgreSQL under which one process at a time migrates (``gateway`` in ASCII)."""


async def migrate(url: str, to: str = "head", transport: Transport = NO_TLS) -> None:
    """Bring the database to the newest revision (or forward to the one named), in one transaction: all or nothing.
    Idempotent; of several processes that try at once one does it. Raises Unavailable, and Misconfigured
    (``schema-newer``) for a database that a later version of the program has changed."""
    await _change(url, lambda connection: _upgrade(connection, to), transport)


async def unmigrate(url: str, to: str = "base") -> None:
    """Go back to an older revision. ``base`` drops every table with all that is in it."""
    await _change(url, lambda connection: command.downgrade(_config(connection), to), NO_TLS)


async def current(url: str, transport: Transport = NO_TLS) -> str | None:
    """The revision that the database stands at; None for an empty one. Raises Unavailable."""
    database = open_database(url, Limits(pool_size=1), transport)
    try:
        async with database.read() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await database.dispose()


async def in_use(url: str, transport: Transport = NO_TLS) -> bool:
    """Whether a gateway has written into the database: everything that it writes has its entry. Raises Unavailable."""
    database = open_database(url, Limits(pool_size=1), transport)
    try:
        async with database.read() as connection:
            there = await connection.run_sync(lambda sync: inspect(sync).has_table(audit_entries.name))
            return there and await connection.scalar(select(audit_entries.c.id).limit(1)) is not None
    finally:
        await database.dispose()


def newest() -> str | None:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def is_current(url: str, transport: Transport = NO_TLS) -> bool:
    """Whether the database stands at the revision that this program needs."""
    return await current(url, transport) == newest()


def is_newer(revision: str | None) -> bool:
    """Whether a database that stands there was changed by a later version of the program: this one does not know it."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision is not None and revision not in {one.revision for one in known}


def _upgrade(connection: Connection, to: str) -> None:
    if is_newer(MigrationContext.configure(connection).get_current_revision()):
        raise Misconfigured(f"The database is {NEWER}.", code="schema-newer")
    command.upgrade(_config(connection), to)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def _change(url: str, work: Callable[[Connection], None], transport: Transport) -> None:
    database = open_database(url, _PATIENT, transport)
    try:
        async with database.write() as connection:
            if database.dialect is Dialect.POSTGRESQL:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(work)
    finally:
        await database.dispose()
