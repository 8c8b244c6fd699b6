"""What an operator reads when the database does not do what it should: the cause, and no word of the driver."""

import errno
import sqlite3

import asyncpg
import pytest

from gateway.core.errors import Misconfigured, Unavailable
from gateway.store.errors import translate

QUOTED = 'role "somebody" at 10.0.0.1'


def sqlite(name):
    error = sqlite3.OperationalError(QUOTED)
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    return error


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, QUOTED), Unavailable, "cannot be reached: connection refused"),
        (OSError(QUOTED), Unavailable, "cannot be reached"),
        (asyncpg.InvalidPasswordError(QUOTED), Unavailable, "it refuses the user or the password (28P01)"),
        (asyncpg.InvalidCatalogNameError(QUOTED), Unavailable, "there is no database of that name (3D000)"),
        (asyncpg.TooManyConnectionsError(QUOTED), Unavailable, "it has too many connections (53300)"),
        (sqlite("SQLITE_READONLY_DIRECTORY"), Unavailable, "the folder of the file (SQLITE_READONLY_DIRECTORY)"),
        (sqlite("SQLITE_READONLY_DBMOVED"), Unavailable, "the file may not be written (SQLITE_READONLY_DBMOVED)"),
        (sqlite("SQLITE_IOERR_FSYNC"), Unavailable, "its disk fails to read or to write (SQLITE_IOERR_FSYNC)"),
        (asyncpg.UndefinedTableError(QUOTED), Misconfigured, "run `gateway db upgrade`"),
    ],
)
def test_an_operator_reads_why_the_database_is_away(raised, kind, words):
    told = translate(raised)
    assert type(told) is kind
    assert str(told).endswith(words)
    assert "somebody" not in str(told)
