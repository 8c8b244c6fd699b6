"""A body at which the gateway itself fails is judged some times, later each time; then it is held for a person."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest

from gateway.core.errors import Unavailable
from gateway.core.model import Actor, Page, SubmissionState
from gateway.work.intake import IntakeLimits
from gateway.work.verdict import LONGEST_PAUSE, MOST_FAULTS
from tests.unit.work_site import open_site, transfers

BIG = IntakeLimits(records_at_once=2, bytes_at_once=10**9, piece=3_000)
HELD, JUDGED, RECEIVED = SubmissionState.HELD, SubmissionState.JUDGED, SubmissionState.RECEIVED
PERSON = Actor("operator", "pat")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


class Failing:
    """A crew that fails with ``error`` at every chunk after the first ``good`` ones."""

    def __init__(self, crew, error, good=0):
        self.crew, self.error, self.good = crew, error, good

    async def examine(self, task):
        if task.frames[0].ordinal > self.good:
            raise self.error
        return await self.crew.examine(task)


async def posted_and_tried(site, error, times, good=0):
    """A big body, and so many tries to judge it."""
    posted = await site.post("key", transfers(*range(1, 8)), BIG)
    for _ in range(times):
        with suppress(Unavailable):
            await replace(site.backlog(), crew=Failing(site.crew, error, good)).step()
        site.wait(seconds=LONGEST_PAUSE.total_seconds())
    return posted


async def now_of(site, posted):
    return await site.stores.submissions.get(posted.id)


async def judged_again(site, posted):
    entry = site.scribe.entry(PERSON, "submission.retried", f"submission:{posted.id}", "ok", {})
    return await site.stores.held_bodies.judge_again(posted.id, entry)


@pytest.mark.parametrize(
    ("error", "cause"),
    [(ZeroDivisionError("900-12-3456"), "internal"), (Unavailable(code="worker-died"), "worker-died")],
)
async def test_a_body_at_which_the_gateway_fails_is_held_and_judged_on_when_a_person_says_so(site, error, cause):
    posted = await posted_and_tried(site, error, MOST_FAULTS, good=2)
    found = await now_of(site, posted)
    assert (found.state, found.faults, found.cause, found.progress) == (RECEIVED, MOST_FAULTS - 1, cause, 2)
    await site.backlog().step()
    found = await now_of(site, posted)
    assert (found.state, found.cause, found.progress) == (HELD, cause, 2)
    assert (await site.actions(f"submission:{posted.id}"))[1:] == ["submission.held"]
    assert await site.backlog().step() is False
    assert await site.stores.held_bodies.count() == 1
    assert (await site.stores.submissions.list(None, Page(5), HELD)).rows == (found,)
    assert await judged_again(site, posted)
    assert not await judged_again(site, posted)
    assert await site.backlog().step()
    found = await now_of(site, posted)
    assert (found.state, found.faults, found.cause, found.counts.accepted) == (JUDGED, 0, None, 7)
    assert await site.stores.held_bodies.count() == 0


async def test_a_body_that_kills_its_process_is_held_as_well(site):
    posted = await site.post("key", transfers(*range(1, 8)), BIG)
    for number in range(MOST_FAULTS + 1):
        now = site.wait(minutes=3)
        await site.stores.spool.claim(f"process {number}", now, site.wait(minutes=2))
    await site.backlog("the last").step()
    found = await now_of(site, posted)
    assert (found.state, found.cause) == (HELD, "process-died")


async def test_what_is_merely_away_counts_for_nothing(site):
    posted = await posted_and_tried(site, Unavailable(code="unavailable"), MOST_FAULTS + 2)
    assert (await now_of(site, posted)).faults == 0
    assert await site.backlog().step()
    assert (await now_of(site, posted)).state is JUDGED


async def test_a_store_that_goes_away_under_the_judge_counts_for_nothing_once_it_is_back(site):
    class Cut(Failing):
        """The store goes away with everybody who wants something of it."""

        async def examine(self, _task):
            outages.enter_context(site.store_away())
            raise self.error

    posted = await site.post("key", transfers(*range(1, 8)), BIG)
    backlog = replace(site.backlog(), crew=Cut(site.crew, Unavailable()))
    for _ in range(3):
        with ExitStack() as outages, pytest.raises(Unavailable):
            await backlog.step()
        site.wait(minutes=3)
    assert (await now_of(site, posted)).faults == 0
    assert await replace(backlog, crew=site.crew).step()
    assert (await now_of(site, posted)).state is JUDGED


async def test_a_process_that_ends_gives_its_body_back_and_counts_nothing(site):
    class Slow(Failing):
        async def examine(self, task):
            await asyncio.sleep(60)
            return await super().examine(task)

    posted = await site.post("key", transfers(*range(1, 8)), BIG)
    for _ in range(MOST_FAULTS + 2):
        step = asyncio.create_task(replace(site.backlog(), crew=Slow(site.crew, None)).step())
        await asyncio.sleep(0.02)
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        site.wait(seconds=10)
    assert (await now_of(site, posted)).faults == 0


async def test_whoever_gets_on_has_failed_for_the_last_time(site):
    posted = await posted_and_tried(site, ZeroDivisionError(), MOST_FAULTS - 1)
    for good in (2, 4, 6):
        await replace(site.backlog(), crew=Failing(site.crew, ZeroDivisionError(), good)).step()
        site.wait(seconds=LONGEST_PAUSE.total_seconds())
    found = await now_of(site, posted)
    assert (found.state, found.progress, found.faults) == (RECEIVED, 6, 0)


async def test_a_body_that_waits_for_its_next_try_lets_others_go_first(site):
    await posted_and_tried(site, ZeroDivisionError(), 0)
    await replace(site.backlog(), crew=Failing(site.crew, ZeroDivisionError())).step()
    other = await site.post("other", transfers(11, 12, 13), BIG)
    assert await site.backlog().step()
    assert (await now_of(site, other)).state is JUDGED
    assert await site.backlog().step() is False
