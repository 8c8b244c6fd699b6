"""Breakers, samples, counts and leases."""

import asyncio
from datetime import timedelta

import pytest

from gateway.core.errors import Unavailable
from gateway.core.model import Counts, DeliveryState, Digest, FormatName, RecordState, Submission, SubmissionId
from gateway.core.model import SubmissionState as State
from gateway.core.ports.health import BreakerRow, Flow, Sample
from gateway.store.audit import StoredAuditLog
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.engine import open_database
from gateway.store.health import StoredHealth
from gateway.store.insertion import Insertion
from gateway.store.leases import StoredLeases
from gateway.store.rows import ONLY_OF_BIG_BODIES, record_row, submission_row
from gateway.store.tables import records, submissions
from tests.contract.owed import INDIANA, OHIO, TEXAS, Town, ids

DAY = timedelta(days=1)
TAKEN = ("delivery.delivered",)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def health(database):
    return StoredHealth(database)


@pytest.fixture
def leases(database):
    return StoredLeases(database)


async def test_a_database_that_answers_is_healthy(health):
    await health.ping()


async def test_a_database_that_is_gone_is_unavailable(tmp_path):
    for url in ("postgresql+asyncpg://nobody@127.0.0.1:1/none", f"sqlite+aiosqlite:///{tmp_path}/no/such/file"):
        database = open_database(url)
        with pytest.raises(Unavailable):
            await StoredHealth(database).ping()
        await database.dispose()


async def test_the_newest_state_of_each_breaker_is_kept(health, town):
    await health.save_breaker(BreakerRow(TEXAS, "open", 5, town.now, town.later()))
    await health.save_breaker(BreakerRow(OHIO, "closed", 1, town.now, None))
    closed = BreakerRow(TEXAS, "closed", 0, town.later(), None)
    await health.save_breaker(closed)
    assert await health.breakers() == (BreakerRow(OHIO, "closed", 1, town.now, None), closed)


async def test_samples_come_back_oldest_first_by_series_label_and_time(health, town):
    await health.add_samples([])
    taken = [
        Sample(town.now + n * DAY, series, label, n + 0.5)
        for n in reversed(range(3))
        for series in ("queue.ready", "queue.rate")
        for label in ("ohio", "texas")
    ]
    await health.add_samples(taken)
    found = await health.samples("queue.ready", town.now, "ohio")
    assert [(s.at, s.value) for s in found] == [(town.now + n * DAY, n + 0.5) for n in range(3)]
    assert len(await health.samples("queue.ready", town.now + DAY)) == 4
    await health.prune_samples(town.now + 2 * DAY)
    assert len(await health.samples("queue.ready", town.now)) == 2


async def test_a_plot_reads_the_last_moment_of_each_span_and_nothing_else(health, town):
    begun, step = town.now, timedelta(minutes=15)
    seconds = [0, 10, 890, 900, 2_690]
    taken = [
        Sample(begun + timedelta(seconds=second), series, label, float(second))
        for second in seconds
        for series in ("queue.pending", "queue.rate")
        for label in ("ohio", "texas")
        if (second, label) != (890, "texas")
    ]
    await health.add_samples([*taken, Sample(begun - step, "queue.pending", "ohio", 7.0)])
    found = await health.readings("queue.pending", begun, step, 3)
    assert [(one.label, one.value) for one in found] == [
        ("ohio", 890.0), ("ohio", 900.0), ("texas", 900.0), ("ohio", 2_690.0), ("texas", 2_690.0),
    ]  # fmt: skip
    assert await health.readings("queue.pending", begun + DAY, step, 96) == ()


async def submit(town, database, counts, parked=0):
    id_ = SubmissionId(town.mint())
    submission = Submission(
        id_, INDIANA, id_, Digest("a" * 64), 10, FormatName("xml"), town.now, State.JUDGED, b"{}", counts
    )
    rows = [record_row(town.record(submission=id_, state=RecordState.UNROUTABLE)) for _ in range(parked)]
    async with database.write() as connection:
        await Insertion(submissions, without=ONLY_OF_BIG_BODIES).write(connection, [submission_row(submission)])
        await Insertion(records).write(connection, rows)


async def test_counts_tell_what_came_since_then_and_where_it_is_now(health, town, database):
    await submit(town, database, Counts(records=50, accepted=50))
    await town.owe(database, 2)
    since = town.wait(DAY * 3)
    await submit(town, database, Counts(records=10, accepted=8, refused=2, unroutable=3, withheld=1), parked=2)
    await submit(town, database, Counts(records=1, accepted=1))
    await town.owe(database, 3, state=DeliveryState.DEAD)
    await town.owe(database, 4, state=DeliveryState.DELIVERED)
    counts = await health.counts(since)
    assert {name: count for name, count in counts.items() if count} == {
        "submissions": 2,
        "records": 11,
        "records.refused": 2,
        "records.unroutable": 2,
        "records.withheld": 1,
        "records.routed": 6,
        "deliveries.dead": 3,
        "deliveries.delivered": 4,
    }
    assert set(counts) >= {f"deliveries.{state}" for state in DeliveryState}


async def test_an_empty_store_counts_nothing(health, town):
    assert set((await health.counts(town.now)).values()) == {0}
    assert await health.lately(town.now, TAKEN) == {"delivery.delivered": 0}


async def test_what_partners_took_counts_when_they_took_it_however_old_it_is(health, town, database):
    owed = await town.owe(database, 3)
    deliveries = StoredDeliveries(database)
    early, late = owed[:1], owed[1:]
    for some, pause in ((early, DAY), (late, 3 * DAY)):
        since = town.wait(pause)
        await deliveries.claim(ids(some), "me", town.now, town.later())
        entries = [town.entry("delivery.delivered", f"delivery:{one.id}") for one in some]
        await deliveries.settle([town.delivered(one, "me") for one in some], entries)
        assert await health.lately(since, TAKEN) == {"delivery.delivered": len(some)}
    assert await health.lately(town.wait(timedelta(minutes=1)), TAKEN) == {"delivery.delivered": 0}


async def test_what_came_and_went_is_told_by_partner_and_what_stands_still_is_not(health, town, database):
    deliveries, desk = StoredDeliveries(database), StoredDesk(database)
    (stays, *going) = await town.owe(database, 4)
    (dead,) = await town.owe(database, 1, TEXAS, state=DeliveryState.DEAD, cause="http-422")
    since = town.wait(DAY)
    await town.owe(database, 2, INDIANA)
    await town.owe(database, 5, INDIANA, state=DeliveryState.WITHHELD)
    await desk.retry(dead.id, town.now, town.entry("delivery.retried", f"delivery:{dead.id}"))
    await deliveries.claim(ids(going), "me", town.now, town.later())
    actions = ("delivery.delivered", "delivery.placed", "delivery.dead")
    entries = [town.entry(action, f"delivery:{one.id}") for action, one in zip(actions, going, strict=True)]
    await deliveries.settle([town.delivered(one, "me") for one in going], entries)
    told = town.entry("delivery.attempted", f"delivery:{stays.id}")
    await StoredAuditLog(database).write([told])
    assert await health.flows(since) == {OHIO: Flow(0, 3), TEXAS: Flow(1, 0), INDIANA: Flow(2, 0)}
    assert await health.flows(town.wait()) == {}


# --- leases ----------------------------------------------------------------------------------------------------------


async def test_one_of_many_takes_a_lease(leases, town):
    taken = await asyncio.gather(*(leases.take("integrator", owner, town.now, town.later()) for owner in "abcd"))
    assert sorted(taken) == [False, False, False, True]


async def test_an_owner_renews_its_lease_and_keeps_it(leases, town):
    assert await leases.take("integrator", "a", town.now, town.later())
    town.wait(timedelta(seconds=50))
    assert await leases.take("integrator", "a", town.now, town.later())
    town.wait(timedelta(seconds=50))
    assert not await leases.take("integrator", "b", town.now, town.later())


async def test_a_lease_that_ended_goes_to_another(leases, town):
    assert await leases.take("integrator", "a", town.now, town.later())
    town.wait()
    assert await leases.take("integrator", "b", town.now, town.later())
    assert not await leases.take("integrator", "a", town.now, town.later())


async def test_only_its_owner_releases_a_lease(leases, town):
    await leases.take("integrator", "a", town.now, town.later())
    await leases.release("integrator", "b")
    assert not await leases.take("integrator", "b", town.now, town.later())
    await leases.release("integrator", "a")
    assert await leases.take("integrator", "b", town.now, town.later())


async def test_leases_of_different_names_are_apart(leases, town):
    assert await leases.take("integrator", "a", town.now, town.later())
    assert await leases.take("scheduler", "b", town.now, town.later())


async def test_those_who_do_the_same_know_how_many_they_are_until_one_leaves_or_dies(leases, town):
    async def hear(owner):
        share = await leases.among("dispatcher", owner, town.now, town.later())
        return share.place, share.of

    assert await hear("b") == (0, 1)
    assert await hear("a") == (0, 2)
    assert await hear("b") == (1, 2)
    await leases.take("dispatchers-of-others", "x", town.now, town.later())
    await leases.leave("dispatcher", "a")
    assert await hear("b") == (0, 1)
    assert await hear("c") == (1, 2)
    town.wait(timedelta(seconds=59))
    assert await hear("b") == (0, 2)
    town.wait(timedelta(seconds=1))
    assert await hear("b") == (0, 1)


async def test_a_disk_that_was_full_not_long_ago_is_not_well_though_small_writes_fit(sqlite_url):
    database = open_database(sqlite_url)
    health = StoredHealth(database)
    big = [Sample(Town().now, f"big {number}", "x" * 4_000, 0.0) for number in range(300)]
    await health.ping()
    await database.outside(["PRAGMA max_page_count=1"])  # no more pages than the file has
    with pytest.raises(Unavailable, match="the disk is full"):
        await health.add_samples(big)
    assert database.full is not None
    await health.writes()
    with pytest.raises(Unavailable, match="the disk is full"):
        await health.ping()
    database._seconds = lambda: float("inf")
    await health.ping()
    await database.dispose()
