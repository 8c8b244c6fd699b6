"""A wrong clock is told once when it begins and once when it ends, and the order of the audit log needs no clock."""

import os
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.core.model import Actor
from gateway.core.skew import KEPT, Against
from gateway.store.times import StoredTimes
from gateway.work.clock_watch import ClockWatch, References
from gateway.work.integrator import Integrator
from tests.contract.grown_log import logbook_of
from tests.contract.owed import MORNING

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SWINGS = [timedelta(), -DAY, DAY, timedelta(), 2 * DAY, -2 * DAY, DAY]


class Host:
    """A host whose clock is set by hand, with a database server whose own clock may be wrong too, and a log."""

    def __init__(self, database):
        self.set_by, self.passed, self.round_trip = timedelta(), timedelta(), timedelta()
        self.server_off = None
        self.stored = StoredTimes(database)
        self.scribe = Scribe(self.clock, minting(self.clock, os.urandom), os.urandom)
        self.logbook = logbook_of(database)
        self.seen = {}

    def clock(self):
        return MORNING + self.passed + self.set_by

    def seconds(self):
        return self.passed.total_seconds()

    async def newest(self):
        return await self.stored.newest()

    async def server(self):
        self.passed += self.round_trip / 2
        said = None if self.server_off is None else MORNING + self.passed + self.server_off
        self.passed += self.round_trip / 2
        return said

    def watch(self):
        references = References(self, self.clock, self.seconds)
        return ClockWatch(references, self.logbook.audit, self.scribe, "p", self.seen.__setitem__)

    def entry(self, name):
        return self.scribe.entry(Actor("gateway", "dispatcher"), "record.accepted", f"record:{name}")

    async def integrate(self):
        book = self.logbook
        integrator = Integrator(book.audit, book.grow, book.restore, self.clock, lambda _head: None, book.remember)
        while await integrator.step():
            pass

    async def told(self):
        """What the log says of the clock, in the order of its writing."""
        return [(entry.action, entry.outcome) for _, entry in await self.logbook.audit.about("process:p")]


@pytest.fixture
def host(database):
    return Host(database)


async def looks(watch, host, count=3):
    for _ in range(count):
        host.passed += timedelta(seconds=60)
        await watch.step()


async def numbered(host):
    return [entry async for _, entry, _ in host.logbook.audit.entries(0, 1_000)]


@pytest.mark.claim("AU-8", control="test_the_same_entries_sorted_by_their_times_are_in_another_order")
async def test_entries_keep_their_order_while_the_clock_goes_days_back_and_forward(host, claim):
    found, names = await swung(host)
    assert [entry.object for entry in found] == names
    assert (await host.logbook.verify()).ok
    claim.measured(f"{len(found)} entries in the order of their writing, the clock set {len(SWINGS) - 1} times by days")


async def test_the_same_entries_sorted_by_their_times_are_in_another_order(host):
    """The control: an order that depended on the clock would be seen."""
    found, names = await swung(host)
    assert [entry.object for entry in sorted(found, key=lambda entry: entry.at)] != names


async def swung(host):
    """Entries between which the clock is set, half of them numbered one by one, half of them waiting together."""
    names = []
    for number, swing in enumerate(SWINGS * 2):
        host.set_by, host.passed = swing, host.passed + SECOND
        entry = host.entry(number)
        names.append(entry.object)
        await host.logbook.audit.write([entry])
        if number < len(SWINGS):
            await host.integrate()
    await host.integrate()
    return await numbered(host), names


@pytest.mark.parametrize("server_off", [timedelta(), 40 * SECOND, -DAY])
async def test_a_clock_that_differs_from_the_database_server_is_told_once_and_so_is_its_end(host, server_off):
    host.server_off = server_off
    watch = host.watch()
    with capture_logs() as lines:
        await watch.begin()
        await looks(watch, host)
        host.server_off = timedelta()
        await looks(watch, host)
    told = [("clock.skewed", "database"), ("clock.right", "database")] if server_off else []
    assert await host.told() == told
    warned = [line for line in lines if line["event"] == "clock.skewed"]
    assert [(line["kind"], line["seconds"]) for line in warned] == (
        [("database", -server_off.total_seconds())] if told else []
    )


@pytest.mark.parametrize(("round_trip", "off", "wrong"), [(0, 2, True), (1, 2, True), (3, 2, False), (30, 2, False)])
async def test_a_slow_answer_of_the_server_is_no_skew(host, round_trip, off, wrong):
    host.round_trip, host.server_off = round_trip * SECOND, off * SECOND
    await host.watch().begin()
    assert bool(await host.told()) is wrong


@pytest.mark.parametrize("jump", [DAY, -DAY, 2 * SECOND])
async def test_a_clock_that_is_set_is_told_and_ends_when_it_is_set_back_or_goes_on_evenly(host, jump):
    watch = host.watch()
    await watch.begin()
    begun, ended = ("clock.skewed", "monotonic"), ("clock.right", "monotonic")
    host.set_by = jump
    await looks(watch, host)
    assert await host.told() == [begun]
    assert host.seen[Against.MONOTONIC] == jump.total_seconds()
    host.set_by = timedelta()
    await looks(watch, host)
    assert sorted(await host.told()) == sorted([begun, ended])
    host.set_by = jump
    await looks(watch, host, 2 + KEPT // timedelta(seconds=60))
    assert sorted(await host.told()) == sorted([begun, ended] * 2)
    assert host.seen[Against.MONOTONIC] == 0


async def test_a_clock_that_drifts_a_little_is_not_told(host):
    """The control of the jumps."""
    watch = host.watch()
    await watch.begin()
    for _ in range(30):
        host.set_by += timedelta(milliseconds=50)
        await looks(watch, host, 1)
    assert await host.told() == []


@pytest.mark.parametrize("integrated", [True, False])
@pytest.mark.parametrize(("back", "wrong"), [(4 * SECOND, False), (6 * SECOND, True), (DAY, True), (-DAY, False)])
async def test_a_clock_before_the_newest_entry_is_told_at_the_start_until_it_has_caught_up(
    host, back, wrong, integrated
):
    await host.logbook.audit.write([host.entry("1")])
    if integrated:
        await host.integrate()
    host.set_by = -back
    watch = host.watch()
    await watch.begin()
    await host.logbook.audit.write([host.entry("2")])
    await host.integrate()
    await watch.step()
    assert await host.told() == ([("clock.skewed", "log")] if wrong else [])
    host.set_by, host.passed = -back, host.passed + back + SECOND
    await watch.step()
    assert sorted(await host.told()) == (sorted([("clock.right", "log"), ("clock.skewed", "log")]) if wrong else [])


async def test_doctor_names_both_comparisons(host):
    assert await host.watch().references.examine() == "ok"
    await host.logbook.audit.write([host.entry("1")])
    host.set_by, host.server_off = -DAY, timedelta()
    said = await host.watch().references.examine()
    assert said == (
        "this clock is 86400.0 s behind the clock of the database server; "
        "this clock is 86400.0 s behind the newest entry of the audit log"
    )


async def test_the_server_tells_its_own_time_where_there_is_one(database, host):
    said = await host.stored.server()
    assert (said is None) == (database.dialect == "sqlite")
    assert said is None or said.utcoffset() == timedelta()
