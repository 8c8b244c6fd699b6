"""The lock-out of operators is one for all console processes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.store.login_failures import StoredLoginFailures
from gateway.store.tables import login_failures
from gateway.web.console.lockout import Lockout

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = timedelta(minutes=15)


@pytest.fixture
def of_process(database):
    """The lock-out as another console process has it."""
    return lambda kind="name": Lockout(StoredLoginFailures(database), kind, 3, SPAN, 8 * SPAN)


async def test_guesses_at_several_processes_are_counted_together(of_process):
    assert [await of_process().failed("pat", NOW) for _ in range(3)] == [False, False, True]
    assert await of_process().locked("pat", NOW + SPAN - timedelta(seconds=1))
    assert not await of_process().locked("pat", NOW + SPAN)
    assert not await of_process().locked("kim", NOW)
    assert not await of_process("address").locked("pat", NOW)


async def test_control_counted_apart_the_same_guesses_lock_nobody(of_process):
    apart = [of_process(f"name of process {number}") for number in range(3)]
    assert [await one.failed("pat", NOW) for one in apart] == [False, False, False]


async def test_a_success_forgets_the_failures_everywhere(of_process):
    await of_process().failed("pat", NOW)
    await of_process().failed("pat", NOW)
    await of_process().succeeded("pat")
    assert not await of_process().failed("pat", NOW)


async def test_what_is_older_than_counts_is_dropped_and_no_name_is_kept(of_process, database):
    for number in range(3):
        await of_process().failed(f"name-{number}", NOW)
    await of_process().failed("pat", NOW + 8 * SPAN)
    async with database.read() as connection:
        rows = (await connection.execute(select(login_failures))).all()
    assert len(rows) == 1
    assert b"pat" not in rows[0].subject
