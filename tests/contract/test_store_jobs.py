"""Bulk actions: a selection that never grows, counted once, ended once."""

import asyncio

import pytest

from gateway.core.model import DeliveryState, JobId, Page
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.store.audit import StoredAuditLog
from gateway.store.jobs import StoredJobs
from tests.contract.owed import OHIO, TEXAS, Town, ids

DEAD = DeliveryQuery(state=DeliveryState.DEAD)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database):
    return StoredJobs(database)


async def plan(store, town, query=DEAD, chosen=None):
    job = Job(JobId(town.mint()), "retry", "ticket 7", "operator:pat", "planned", town.now, 99, 99, 99)
    return await store.plan(job, query, chosen, town.entry("job.planned", f"job:{job.id}"))


async def start(store, town, job):
    return await store.start(job.id, town.entry("job.started", f"job:{job.id}"))


async def end(store, town, job, state="done"):
    return await store.end(job.id, state, town.entry("job.ended", f"job:{job.id}"))


async def test_a_plan_freezes_what_matches_now_and_ignores_newcomers(store, town, database):
    dead = await town.owe(database, 3, state=DeliveryState.DEAD)
    await town.owe(database, 2)
    job = await plan(store, town)
    assert (job.state, job.total, job.done, job.skipped) == ("planned", 3, 0, 0)
    await town.owe(database, 4, state=DeliveryState.DEAD)
    assert await start(store, town, job)
    assert await store.next(job.id, 100) == tuple(ids(dead))
    assert (await store.get(job.id)).total == 3


async def test_a_plan_over_ids_takes_exactly_those_that_exist(store, town, database):
    dead = await town.owe(database, 3, state=DeliveryState.DEAD)
    job = await plan(store, town, DeliveryQuery(partner=TEXAS), [dead[2].id, dead[0].id, town.mint()])
    assert job.total == 2
    assert await store.next(job.id, 100) == (dead[0].id, dead[2].id)


async def test_the_query_of_a_plan_narrows(store, town, database):
    await town.owe(database, 3, state=DeliveryState.DEAD)
    texan = await town.owe(database, 1, TEXAS, state=DeliveryState.DEAD)
    job = await plan(store, town, DeliveryQuery(partner=TEXAS, state=DeliveryState.DEAD))
    assert await store.next(job.id, 100) == tuple(ids(texan))
    assert (await plan(store, town, DeliveryQuery(partner=OHIO, cause="no such"))).total == 0


async def test_a_job_starts_once_whoever_presses_the_button(store, town, database):
    job = await plan(store, town)
    results = await asyncio.gather(*(start(store, town, job) for _ in range(4)))
    assert sorted(results) == [False, False, False, True]
    assert [running.id for running in await store.running()] == [job.id]
    about = await StoredAuditLog(database).about(f"job:{job.id}")
    assert [entry.action for _, entry in about] == ["job.planned", "job.started"]


async def test_progress_counts_each_delivery_once(store, town, database):
    dead = ids(await town.owe(database, 5, state=DeliveryState.DEAD))
    job = await plan(store, town)
    await start(store, town, job)
    await store.progress(job.id, dead[:2], dead[2:3])
    await store.progress(job.id, dead[:3], [])
    found = await store.get(job.id)
    assert (found.total, found.done, found.skipped) == (5, 2, 1)
    assert await store.next(job.id, 1) == (dead[3],)
    assert await store.next(job.id, 10) == tuple(dead[3:])


@pytest.mark.parametrize(
    ("started", "state", "ends"),
    [(True, "done", True), (True, "cancelled", True), (False, "cancelled", True), (False, "done", False)],
)
async def test_a_job_ends_as_its_state_allows_and_only_once(store, town, started, state, ends):
    job = await plan(store, town)
    if started:
        await start(store, town, job)
    assert await end(store, town, job, state) is ends
    assert await end(store, town, job, state) is False
    assert (await store.get(job.id)).state == (state if ends else "planned")
    assert await store.running() == ()
    if ends:
        assert not await start(store, town, job)


async def test_jobs_are_listed_newest_first_in_pages(store, town):
    planned = [await plan(store, town) for _ in range(5)]
    first = await store.list(Page(3))
    rest = await store.list(Page(3, first.next))
    assert [job.id for job in (*first.rows, *rest.rows)] == [job.id for job in reversed(planned)]
    assert rest.next is None
    assert first.rows[0] == planned[-1]
    assert await store.get(town.mint()) is None
