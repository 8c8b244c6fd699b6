"""How many entries a second the audit log takes: written durably, numbered, hashed and under a signed checkpoint."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.clock import utc_now
from gateway.store.audit import StoredAuditLog
from gateway.work.integrator import Integrator
from tests.contract.grown_log import logbook_of
from tests.servers.memory import DISK
from tests.vectors.audit.sample import some_entries

ENTRIES_A_SECOND = 1_500
GROUP = 50
"""Entries of one transaction: what a group of submissions or outcomes writes together."""
WRITERS = 4
TRIED, MANY_TIMES = 60, 5
"""Entries of the control, and how much slower it has to be at least."""


@pytest.fixture
def sqlite_url(sqlite_template):
    """On a disk, where a commit waits until it is durable."""
    with TemporaryDirectory(dir=DISK) as folder:
        path = Path(folder) / "gateway.db"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite+aiosqlite:///{path}"


def integrator_of(logbook):
    return Integrator(logbook.audit, logbook.grow, logbook.restore, utc_now, lambda _head: None, logbook.remember)


async def together(logbook, entries):
    """Entries a second, until all are numbered, from several writers at a time beside the integrator."""
    integrator = integrator_of(logbook)
    waiting = [entries[start : start + GROUP] for start in range(0, len(entries), GROUP)]

    async def write():
        while waiting:
            await logbook.audit.write(waiting.pop())

    begun = time.perf_counter()
    writers = [asyncio.create_task(write()) for _ in range(WRITERS)]
    while not all(writer.done() for writer in writers):
        await integrator.step()
        await asyncio.sleep(0)
    await asyncio.gather(*writers)
    while await integrator.step() or await logbook.audit.unsequenced(1):
        pass
    return len(entries) / (time.perf_counter() - begun)


def fast_enough(found):
    return found > ENTRIES_A_SECOND


@pytest.mark.claim("A17", control="test_control_numbered_one_at_a_time_they_are_not_fast_enough_and_many_times_slower")
async def test_the_log_takes_more_entries_a_second_than_it_has_to(claim, database):
    count = claim.size(push=3_000, night=150_000)
    logbook = logbook_of(database)
    found = await together(logbook, some_entries(count))
    assert (await logbook.audit.head()).size == count
    assert fast_enough(found)
    claim.measured(f"{found:,.0f} durable entries a second on {database.dialect.value}, {count} of them")


class OneAtATime(StoredAuditLog):
    """Gives the integrator one entry at a time: no groups are numbered, hashed and signed together."""

    async def unsequenced(self, limit):
        return await super().unsequenced(min(limit, 1))


async def test_control_numbered_one_at_a_time_they_are_not_fast_enough_and_many_times_slower(database):
    logbook = logbook_of(database)
    grouped = max([await together(logbook, some_entries(TRIED)) for _ in range(3)])
    one_at_a_time = await together(replace(logbook, audit=OneAtATime(database)), some_entries(TRIED))
    assert (await logbook.audit.head()).size == 4 * TRIED
    assert not fast_enough(one_at_a_time)
    assert grouped > MANY_TIMES * one_at_a_time
