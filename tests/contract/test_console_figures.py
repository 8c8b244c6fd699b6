"""The figures of the plots, out of what housekeeping measured."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.ports.health import Sample
from gateway.store.engine import open_database
from gateway.store.health import StoredHealth
from gateway.web.console.figures import ACCEPTED, DELIVERED, PENDING, WINDOWS, backlog, throughput
from gateway.web.movement import ENTERED, LEFT, Movement, movements

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def health(sqlite_url):
    database = open_database(sqlite_url)
    yield StoredHealth(database)
    await database.dispose()


async def measure(health, ago, accepted, **pending):
    at = NOW - ago * MINUTE
    owed = [Sample(at, PENDING, partner, float(count)) for partner, count in pending.items()]
    await health.add_samples([Sample(at, ACCEPTED, "", accepted), Sample(at, DELIVERED, "", 0.0), *owed])


async def test_a_day_s_throughput_is_the_mean_of_its_minutes_and_not_the_last_of_each_quarter_hour(health):
    for ago in range(15, 0, -1):
        await measure(health, ago, 1_500.0 if ago == 8 else 0.0)
    chart = await throughput(health, NOW, WINDOWS["24h"])
    assert chart.series[0].values[-1] == 100.0
    assert "in the minute to 11:59:00 UTC 0 accepted, 0 delivered" in chart.description


async def test_a_backlog_that_is_gone_is_told_and_drawn_as_nothing(health):
    await measure(health, 3, 0.0, texas=7)
    await measure(health, 1, 0.0)
    chart = await backlog(health, NOW, WINDOWS["1h"])
    assert chart.series[0].values[-3:] == (7.0, None, 0.0)
    assert chart.description.endswith("0 deliveries were pending at 11:59:00 UTC.")


async def moved(health, ago, pending, entered, left):
    at = NOW - ago * MINUTE
    figures = {PENDING: pending, ENTERED: entered, LEFT: left}
    await health.add_samples([Sample(at, series, "texas", float(value)) for series, value in figures.items()])
    await health.add_samples([Sample(at, DELIVERED, "", float(left))])


async def test_rates_are_means_of_five_minutes_and_the_drain_time_is_what_they_make_of_the_queue(health):
    for ago, pending in ((4, 130), (3, 110), (2, 90), (1, 70), (0, 50)):
        await moved(health, ago, pending, 10, 30)
    await moved(health, 9, 900, 800, 0)
    found = (await movements(health, NOW))["texas"]
    assert (found.entered, found.left, found.change) == (10.0, 30.0, -20.0)
    assert found.clears_in(50) == timedelta(minutes=2.5)


async def test_a_round_that_does_not_name_a_partner_counts_as_nothing(health):
    await moved(health, 4, 60, 60, 0)
    for ago in (3, 2, 1):
        await health.add_samples([Sample(NOW - ago * MINUTE, DELIVERED, "", 0.0)])
    found = (await movements(health, NOW))["texas"]
    assert (found.entered, found.left, found.clears_in(60)) == (15.0, 0.0, None)


async def test_what_nobody_measured_is_not_told_as_nothing(health):
    assert await movements(health, NOW) == {}
    await health.add_samples([Sample(NOW, PENDING, "texas", 5.0)])
    assert await movements(health, NOW) == {"texas": Movement()}
