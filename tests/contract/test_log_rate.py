"""How many entries a second the audit log takes: written durably, numbered, hashed and under a signed checkpoint."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.clock import utc_now
from gateway.work.integrator import Integrator
from tests.contract.grown_log import logbook_of
from tests.servers.memory import DISK
from tests.vectors.audit.sample import some_entries

ENTRIES_A_SECOND = 1_500
GROUP = 50
"""Entries of one transaction: what a group of submissions or outcomes writes together."""
WRITERS = 4


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


async def one_by_one(logbook, entries):
    """Entries a second when each is written, numbered and signed before the next."""
    integrator = integrator_of(logbook)
    begun = time.perf_counter()
    for entry in entries:
        await logbook.audit.write([entry])
        await integrator.step()
    return len(entries) / (time.perf_counter() - begun)


@pytest.mark.claim("A17", control="test_control_entries_that_are_each_written_and_signed_alone_are_not_fast_enough")
async def test_the_log_takes_more_entries_a_second_than_it_has_to(claim, database):
    count = claim.size(push=3_000, night=150_000)
    logbook = logbook_of(database)
    found = await together(logbook, some_entries(count))
    assert (await logbook.audit.head()).size == count
    assert found > ENTRIES_A_SECOND
    claim.measured(f"{found:,.0f} durable entries a second on {database.dialect.value}, {count} of them")


async def test_control_entries_that_are_each_written_and_signed_alone_are_not_fast_enough(database):
    assert await one_by_one(logbook_of(database), some_entries(40)) < ENTRIES_A_SECOND
