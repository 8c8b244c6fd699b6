"""The figures of the plots, out of what housekeeping measured."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.ports.health import Sample
from gateway.store.engine import open_database
from gateway.store.health import StoredHealth
from gateway.web.console.figures import ACCEPTED, DELIVERED, PENDING, WINDOWS, backlog, throughput

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
