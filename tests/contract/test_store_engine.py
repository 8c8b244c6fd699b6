"""What the database does when it is slow, full, locked or killed, and that accepted means durable."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.core.errors import GatewayError, Misconfigured, Unavailable
from gateway.store.engine import Limits, open_database
from gateway.store.errors import POSTGRESQL_STATES, SQLITE_CODES, translate
from gateway.store.intake import StoredIntake
from gateway.store.migrations import migrate
from tests.contract.store_samples import OHIO, one_record
from tests.servers.postgres import Cluster

HASTY = Limits(pool_size=1, statement=timedelta(milliseconds=400), lock=timedelta(milliseconds=200))
COUNTED = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(:last AS INTEGER)) "
    "SELECT i FROM n ORDER BY i"
)
QUIET_WAL = ("wal_writer_delay = '10s'", "autovacuum = off")
"""Nothing but a commit flushes the log: what is there after a kill was flushed by a commit."""


async def one(database, statement):
    async with database.read() as connection:
        return await connection.scalar(text(statement))


@pytest.fixture
async def hasty(database_url):
    opened = open_database(database_url, HASTY)
    yield opened
    await opened.dispose()


@pytest.fixture
async def pg(postgres_url):
    opened = open_database(postgres_url, HASTY)
    yield opened
    await opened.dispose()


@pytest.fixture
async def lite(sqlite_url):
    opened = open_database(sqlite_url, HASTY)
    yield opened
    await opened.dispose()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a@b/c", "sqlite+aiosqlite://", "sqlite:///x.db"])
def test_only_the_two_databases_open(url):
    with pytest.raises(Misconfigured):
        open_database(url)


async def test_what_a_failing_block_wrote_is_rolled_back(database):
    async def failing():
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await one(database, "SELECT count(*) FROM revisions") == 0


async def test_what_a_cancelled_block_wrote_is_rolled_back(database):
    async def half():
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
            await asyncio.sleep(60)

    task = asyncio.create_task(half())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.write() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM revisions")) == 0


async def test_a_statement_that_is_called_off_leaves_nothing_behind(database):
    async def half():
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
            await connection.execute(COUNTED, {"last": 500_000})

    task = asyncio.create_task(half())
    await asyncio.sleep(0.05)
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    async with database.write() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM revisions")) == 0


async def test_a_read_cannot_write(database):
    with pytest.raises(GatewayError):
        async with database.read() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
    assert await one(database, "SELECT count(*) FROM revisions") == 0


async def test_a_read_sees_one_state_of_the_database(database):
    async with database.read() as connection:
        before = await connection.scalar(text("SELECT count(*) FROM revisions"))
        async with database.write() as other:
            await other.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
        after = await connection.scalar(text("SELECT count(*) FROM revisions"))
    assert (before, after) == (0, 0)
    assert await one(database, "SELECT count(*) FROM revisions") == 1


async def test_writers_of_one_process_queue_up(database):
    async def add(number):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES (:name, 1)"), {"name": f"r-{number}"})
            await asyncio.sleep(0.001)

    await asyncio.gather(*(add(number) for number in range(40)))
    assert await one(database, "SELECT count(*) FROM revisions") == 40


async def test_a_row_that_another_process_holds_is_unavailable_for_now(hasty, database_url):
    other = open_database(database_url, HASTY)
    async with other.write() as holder:
        await holder.execute(text("INSERT INTO revisions VALUES ('directory', 1)"))
        with pytest.raises(Unavailable) as caught:
            async with hasty.write() as connection:
                await connection.execute(text("INSERT INTO revisions VALUES ('directory', 2)"))
    await other.dispose()
    assert caught.value.retry_after == timedelta(seconds=1)


async def test_an_exhausted_pool_is_unavailable(hasty):
    async with hasty.read():
        with pytest.raises(Unavailable):
            await one(hasty, "SELECT 1")
    assert await one(hasty, "SELECT 1") == 1


async def test_a_statement_that_takes_too_long_is_cut_off(pg):
    with pytest.raises(Unavailable):
        await one(pg, "SELECT pg_sleep(5)")
    assert await one(pg, "SELECT 1") == 1


async def test_an_integrity_error_stays_what_it_is_inside_the_store(database):
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO revisions VALUES ('directory', 1), ('directory', 2)"))


async def test_no_error_quotes_a_value(database):
    with pytest.raises(GatewayError) as caught:
        async with database.write() as connection:
            await connection.execute(text("SELECT nosuch FROM revisions WHERE name = :ssn"), {"ssn": "900-12-3456"})
    assert "900-12" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_full_disk_is_unavailable_and_accepts_nothing(lite):
    async with lite.write() as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
        await connection.execute(text(f"PRAGMA max_page_count = {pages + 20}"))
    with pytest.raises(Unavailable) as caught:
        await StoredIntake(lite).accept(one_record("big", size=2**20))
    assert caught.value.retry_after == timedelta(seconds=30)
    assert await one(lite, "SELECT count(*) FROM submissions") == 0
    assert (await StoredIntake(lite).accept(one_record("small"))).counts.accepted == 1


class Sluggish(sqlite3.Connection):
    def __init__(self, *arguments, **options):
        time.sleep(0.3)
        super().__init__(*arguments, **options)


def openers():
    """Threads that hold a connection of SQLite."""
    return [thread for thread in threading.enumerate() if "_connection_worker" in thread.name]


async def test_a_connection_that_is_called_off_while_it_opens_leaves_no_thread_behind(lite):
    """A thread that outlives the event loop ends with an error in the hands of nobody."""

    @event.listens_for(lite._reader.sync_engine, "do_connect")
    def slow(_dialect, _record, _arguments, options):
        options["factory"] = Sluggish

    task = asyncio.create_task(one(lite, "SELECT 1"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert openers()
    await lite.dispose()
    assert not openers()


async def test_sqlite_syncs_every_commit(lite):
    for mode in (lite.read, lite.write):
        async with mode() as connection:
            found = [await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
            assert found == ["wal", 2]


async def test_postgresql_flushes_every_commit_whatever_the_role_says(postgres_cluster, postgres_url):
    name = postgres_url.rpartition("/")[2]
    postgres_cluster.sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    database = open_database(postgres_url)
    assert await one(database, "SHOW synchronous_commit") == "on"
    await database.dispose()


@pytest.fixture(scope="module")
def doomed(postgres_cluster):
    """A cluster to kill. (The shared one only says whether there is a server at all.)"""
    del postgres_cluster
    cluster = Cluster(settings=QUIET_WAL)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


async def accept_then_kill(cluster, database, keys):
    intake = StoredIntake(database)
    for key in keys:
        await intake.accept(one_record(key))
    cluster.kill9()
    with pytest.raises(Unavailable):
        await intake.accept(one_record("nobody is there"))
    cluster.restart()
    return [key for key in keys if await intake.find(OHIO, key) is None]


async def fresh(cluster):
    url = cluster.create_database("t" + os.urandom(4).hex())
    await migrate(url)
    cluster.sql("CHECKPOINT")
    return open_database(url, Limits(connect=timedelta(seconds=2)))


async def test_a_killed_server_comes_back_with_everything_that_was_accepted(doomed):
    database = await fresh(doomed)
    assert await accept_then_kill(doomed, database, [f"k-{n}" for n in range(20)]) == []
    await database.dispose()


async def test_without_synchronous_commit_the_same_kill_loses_submissions(doomed):
    database = await fresh(doomed)

    def forget(connection, _record):
        connection.run_async(lambda driver: driver.execute("SET synchronous_commit = off"))

    event.listen(database._writer.sync_engine, "connect", forget)
    assert await accept_then_kill(doomed, database, [f"k-{n}" for n in range(20)]) != []
    await database.dispose()


async def test_the_pool_recovers_from_a_restart_after_one_unavailable_answer(doomed):
    database = await fresh(doomed)
    assert await one(database, "SELECT 1") == 1
    doomed.restart()
    with pytest.raises(Unavailable):
        await one(database, "SELECT 1")
    assert await one(database, "SELECT 1") == 1
    await database.dispose()


@pytest.mark.parametrize("state", [*POSTGRESQL_STATES, "57P01", "40P01", "08006"])
def test_every_listed_state_of_postgresql_is_unavailable(state):
    class Fake(Exception):
        sqlstate = state.ljust(5, "0")

    assert isinstance(translate(DBAPIError("SELECT 1", None, Fake())), Unavailable)


@pytest.mark.parametrize("code", [*SQLITE_CODES, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_BUSY_SNAPSHOT])
def test_every_listed_code_of_sqlite_is_unavailable(code):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_SOMETHING"
    assert isinstance(translate(error), Unavailable)


@pytest.mark.parametrize("error", [OSError("no route"), TimeoutError(), ConnectionRefusedError()])
def test_a_server_out_of_reach_is_unavailable(error):
    assert isinstance(translate(error), Unavailable)
