"""Foreign exceptions become ours at one edge: what the database or its driver raises, by who must act.

Lost connections, full disks, time-outs, locks and serialization failures are ``Unavailable`` (the caller may try
again). Integrity errors pass unchanged: only the store may meet them. Everything else is a defect of ours and becomes
``GatewayError`` with the SQLSTATE alone, because messages of drivers quote the values that they choke on.
"""

from __future__ import annotations

import os
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.core.errors import GatewayError, Misconfigured, Unavailable

SOON = timedelta(seconds=1)
"""For conflicts that pass by themselves: locks, deadlocks, serialization failures."""
LATER = timedelta(seconds=5)
"""For servers that restart."""
MUCH_LATER = timedelta(seconds=30)
"""For what needs a person or a clean-up: a full disk."""

POSTGRESQL_STATES: dict[str, timedelta] = {
    "08": LATER,  # connection exceptions
    "25006": LATER,  # read-only transaction: we reached a standby
    "28": LATER,  # authentication: a password is being rotated
    "3D": LATER,  # the database does not exist (yet)
    "40": SOON,  # serialization failure, deadlock
    "53": LATER,  # out of memory, too many connections
    "53100": MUCH_LATER,  # disk full
    "55P03": SOON,  # lock not available in time
    "57": LATER,  # shutdown, crash of a neighbour, statement time-out
    "58": MUCH_LATER,  # I/O error of the server
}
"""SQLSTATE or its class -> when to come back (PostgreSQL 15, appendix A). The longer key wins."""

SQLITE_CODES: dict[int, timedelta] = {
    sqlite3.SQLITE_BUSY: SOON,
    sqlite3.SQLITE_LOCKED: SOON,
    sqlite3.SQLITE_INTERRUPT: SOON,
    sqlite3.SQLITE_NOMEM: LATER,
    sqlite3.SQLITE_READONLY: MUCH_LATER,
    sqlite3.SQLITE_IOERR: MUCH_LATER,
    sqlite3.SQLITE_FULL: MUCH_LATER,
    sqlite3.SQLITE_CANTOPEN: MUCH_LATER,
}
"""Primary result code -> when to come back (sqlite.org, result codes)."""


WORDS: dict[str, str] = {
    "28": "it refuses the user or the password",
    "3D": "there is no database of that name",
    "53300": "it has too many connections",
    "53100": "its disk is full",
    "57": "it is shutting down, or cut the statement short",
    "25006": "it is a standby",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "the file may not be written",
    "SQLITE_READONLY_DIRECTORY": "nothing may be written into the folder of the file",
    "SQLITE_CANTOPEN": "the file cannot be opened",
    "SQLITE_IOERR": "its disk fails to read or to write",
    "SQLITE_BUSY": "another process holds its lock",
}
"""SQLSTATE, its class, or SQLite's name or its first two words -> what an operator reads. The longer key wins."""
_UNDEFINED = ("42P01", "42703")
"""A table or a column is not there."""
_UNDEFINED_SQLITE = ("no such table", "no such column", "has no column named")


def _state(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _wait(error: BaseException) -> timedelta | None:
    """When to come back after this driver error; None when coming back does not help."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_CODES.get(code & 0xFF)
    state = _state(error)
    return POSTGRESQL_STATES.get(state) or POSTGRESQL_STATES.get(state[:2])


def _unreached(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) or "SSL" in str(error):  # the driver's word for a server without TLS
        why = getattr(error, "verify_message", "") or "its TLS is not what we ask for, or it has none"
        return f"The database is not trusted: {why}"
    why = f": {os.strerror(error.errno).lower()}" if error.errno and error.errno > 0 else ""
    return f"The database cannot be reached{why}"


def translate(error: Exception) -> Exception:
    """Our exception for one of SQLAlchemy, asyncpg, sqlite3 or the operating system; itself when it may pass."""
    if isinstance(error, PoolTimeout | TimeoutError):
        return Unavailable("The database did not answer in time", code="store-unavailable", retry_after=LATER)
    if isinstance(error, OSError):
        return Unavailable(_unreached(error), code="store-unavailable", retry_after=LATER)
    driver = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    wait = _wait(driver)
    if wait is None and isinstance(error, DBAPIError) and error.connection_invalidated:
        wait = LATER
    if wait is None and isinstance(error, asyncpg.InterfaceError):
        wait = LATER
    if wait is not None:
        name = _state(driver) or getattr(driver, "sqlite_errorname", "") or "connection lost"
        told = WORDS.get(name) or WORDS.get(name[:2]) or WORDS.get("_".join(name.split("_")[:2]))
        return Unavailable(
            f"The database is not available{f': {told}' if told else ''} ({name})",
            code="store-unavailable",
            retry_after=wait,
        )
    if isinstance(error, IntegrityError):
        return error
    if _state(driver) in _UNDEFINED or any(text in str(driver) for text in _UNDEFINED_SQLITE):
        return Misconfigured("The database lacks a table or column of this version: run `gateway db upgrade`")
    return GatewayError(f"The database refused a statement ({type(driver).__name__} {_state(driver)})".rstrip())


@contextmanager
def translated() -> Iterator[None]:
    """The edge itself: wraps every transaction."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError) as error:
        raise translate(error) from None  # a driver's message may quote values: never in a traceback
