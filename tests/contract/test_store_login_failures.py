"""The lock-out of operators is one for all console processes, and for all guesses of one moment."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.store.login_failures import StoredLoginFailures
from gateway.store.tables import login_failures
from gateway.web.console.lockout import Lockout

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = timedelta(minutes=15)


def token(domain, value):
    return hashlib.sha256(f"{domain} {value}".encode()).digest()


@pytest.fixture
def of_process(database):
    """The lock-out as another console process has it."""
    return lambda kind="name": Lockout(StoredLoginFailures(database), token, kind, 3, SPAN, 8 * SPAN)


async def failed(lockout, at=NOW, key="pat"):
    """Whether an attempt that is begun and fails locks; None when it is not looked at."""
    counted = await lockout.begin(key, at)
    return counted and counted.locks


async def test_guesses_at_several_processes_are_counted_together(of_process):
    assert [await failed(of_process()) for _ in range(4)] == [False, False, True, None]
    assert await failed(of_process(), NOW + SPAN - timedelta(seconds=1)) is None
    assert await failed(of_process(), NOW + SPAN) is True
    assert await failed(of_process(), key="kim") is False
    assert await failed(of_process("address")) is False


async def test_control_counted_apart_the_same_guesses_lock_nobody(of_process):
    apart = [of_process(f"name of process {number}") for number in range(4)]
    assert [await failed(one) for one in apart] == [False] * 4


@pytest.mark.parametrize("before", [0, 2, 3])
async def test_of_guesses_at_the_same_moment_no_more_are_looked_at_than_are_left(of_process, before):
    for _ in range(before):
        await failed(of_process())
    later = NOW + SPAN
    begun = await asyncio.gather(*(of_process().begin("pat", later) for _ in range(8)))
    assert len([one for one in begun if one is not None]) <= max(1, 3 - before)


async def test_an_attempt_that_was_right_is_taken_back_alone_and_what_failed_stays_counted(of_process):
    await failed(of_process())
    await failed(of_process())
    await of_process().take_back(await of_process().begin("pat", NOW))
    assert await failed(of_process()) is True


async def test_a_success_forgets_the_failures_everywhere(of_process):
    await failed(of_process())
    await failed(of_process())
    await of_process().succeeded("pat")
    assert await failed(of_process()) is False


async def test_what_is_older_than_counts_is_dropped_and_no_name_is_kept(of_process, database):
    for number in range(3):
        await failed(of_process(), key=f"name-{number}")
    await failed(of_process(), NOW + 8 * SPAN)
    async with database.read() as connection:
        rows = (await connection.execute(select(login_failures))).all()
    assert len(rows) == 1
    assert b"pat" not in rows[0].subject
