"""Loops, relay, settling and leadership: what keeps going when parts of the gateway are away."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.core.errors import Unavailable
from gateway.core.model import Actor, DeliveryId, DeliveryState, PartnerKey, Settlement
from gateway.core.ports.signs import Sign
from gateway.work.leadership import LEASE, REFUSED, RENEWED, Leadership
from gateway.work.lookout import Lookout
from gateway.work.loops import SAID_AGAIN, Loop, run
from gateway.work.relay import IDS_IN_ONE, Relay, RelayLimits, announcements
from tests.unit.work_site import OHIO, eventually, open_site

DISPATCHER = Actor("gateway", "dispatcher")
HOUR, MOMENT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


# --- loops -----------------------------------------------------------------------------------------------------------


def stepping(stop, *results):
    """A step that gives the results one after the other, then stops the loop."""
    left = list(results)

    async def step():
        if not left:
            stop.set()
            return False
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    step.left = left
    return step


async def test_a_loop_goes_on_without_rest_while_there_is_work():
    stop = asyncio.Event()
    step = stepping(stop, *[True] * 50)
    async with asyncio.timeout(5):
        await run(Loop("busy", step, rest=HOUR), stop)


async def test_what_wakes_a_loop_cuts_its_rest_short():
    stop, wake = asyncio.Event(), asyncio.Event()
    step = stepping(stop, *[False])
    asyncio.get_running_loop().call_later(0.01, wake.set)
    async with asyncio.timeout(5):
        await run(Loop("woken", step, rest=HOUR, wake=wake), stop)


@pytest.mark.parametrize("failure", [Unavailable("away"), ValueError("a defect")])
async def test_a_loop_survives_errors_of_ours_and_defects(failure):
    stop = asyncio.Event()
    step = stepping(stop, *[failure, True, failure, True])
    async with asyncio.timeout(5):
        await run(Loop("faulty", step, rest=MOMENT, after_fault=MOMENT), stop)
    assert step.left == []


async def test_a_fault_that_lasts_is_said_when_it_begins_now_and_then_and_when_it_is_over():
    stop = asyncio.Event()
    full = Unavailable("the disk is full", code="store-unavailable")
    step = stepping(stop, *[full] * (SAID_AGAIN + 2), *[True], Unavailable("gone", code="broker-down"), full)
    with capture_logs() as said:
        async with asyncio.timeout(5):
            await run(Loop("faulty", step, rest=MOMENT, after_fault=timedelta(microseconds=1)), stop)
    assert [(one["event"], one["code"], one["count"]) for one in said] == [
        ("loop.fault", "store-unavailable", 1),
        ("loop.fault", "store-unavailable", SAID_AGAIN + 1),
        ("loop.recovered", "store-unavailable", SAID_AGAIN + 2),
        ("loop.fault", "broker-down", 1),
        ("loop.fault", "store-unavailable", 1),
        ("loop.recovered", "store-unavailable", 1),
    ]
    assert said[0]["hint"] == "the disk is full"


async def test_a_loop_that_failed_rests_however_much_there_is_to_do():
    stop, wake, times, clock = asyncio.Event(), asyncio.Event(), [], asyncio.get_running_loop().time
    rest = timedelta(milliseconds=50)

    async def step():
        times.append(clock())
        wake.set()
        if len(times) == 3:
            stop.set()
        raise Unavailable

    async with asyncio.timeout(5):
        await run(Loop("failing", step, rest=MOMENT, wake=wake, after_fault=rest), stop)
    assert times[2] - times[0] >= 2 * rest.total_seconds() * 0.9


@pytest.mark.parametrize("result", [False, Unavailable("away")])
async def test_a_resting_loop_stops_at_once(result):
    stop = asyncio.Event()
    begun = asyncio.Event()

    async def step():
        begun.set()
        if isinstance(result, Exception):
            raise result
        return result

    running = asyncio.create_task(run(Loop("resting", step, rest=HOUR, after_fault=HOUR), stop))
    await begun.wait()
    stop.set()
    async with asyncio.timeout(1):
        await running


async def test_a_wake_cuts_a_rest_short_and_counts_once():
    stop, wake, steps = asyncio.Event(), asyncio.Event(), []

    async def step():
        steps.append(wake.is_set())
        return False

    running = asyncio.create_task(run(Loop("waking", step, rest=HOUR, wake=wake), stop))
    for expected in (1, 2, 3):
        await eventually(lambda expected=expected: len(steps) == expected)
        wake.set()
    await eventually(lambda: len(steps) == 4)
    stop.set()
    await running
    assert steps == [False] * 4


# --- relay -----------------------------------------------------------------------------------------------------------


def test_announcements_are_grouped_by_partner_in_order_and_never_too_long():
    due = [(PartnerKey("ohio" if n % 2 else "texas"), DeliveryId(f"d-{n:05}")) for n in range(2 * IDS_IN_ONE + 4)]
    found = announcements(due)
    assert [(a.partner, len(a.deliveries)) for a in found] == [
        ("texas", IDS_IN_ONE),
        ("texas", 2),
        ("ohio", IDS_IN_ONE),
        ("ohio", 2),
    ]
    for partner in ("ohio", "texas"):
        told = [id_ for a in found if a.partner == partner for id_ in a.deliveries]
        assert told == [id_ for owner, id_ in due if owner == partner]
    assert announcements([]) == []


async def test_what_the_commit_path_tells_is_published_at_once_and_wakes_the_loop(site):
    await site.broker.open()
    await site.broker.declare([OHIO])
    owed = await site.owe(1, 2)
    site.relay.tell(owed)
    assert site.relay.wake.is_set()
    assert await site.relay.publish() is False
    depths = {d.partner: d.ready for d in await site.broker.depths()}
    assert depths[OHIO] == 1
    assert await site.relay.publish() is False
    assert {d.partner: d.ready for d in await site.broker.depths()} == depths


async def test_what_could_not_be_told_while_the_broker_was_down_is_found_by_the_sweep(site):
    owed = await site.owe(1, 2)
    site.relay.tell(owed)
    with pytest.raises(Unavailable):
        await site.relay.publish()
    with pytest.raises(Unavailable):
        await site.relay.sweep()
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states(owed) == [DeliveryState.DELIVERED] * 2


async def test_a_lost_announcement_is_repeated_after_a_while_and_not_before(site):
    await site.owe(1)
    await site.broker.open()
    await site.broker.declare([OHIO])
    again = RelayLimits().again
    published = []
    for time in (timedelta(), again - timedelta(seconds=1), timedelta(seconds=1)):
        site.now += time
        await site.relay.sweep()
        published.append({d.partner: d.ready for d in await site.broker.depths()}[OHIO])
    assert published == [1, 1, 2]


async def test_a_full_page_of_due_deliveries_says_that_there_is_more(site):
    await site.owe(1, 2, 3)
    await site.broker.open()
    await site.broker.declare([OHIO])
    relay = Relay(site.broker, site.stores.deliveries, site.clock, RelayLimits(sweep=2))
    assert [await relay.sweep() for _ in range(3)] == [True, False, False]


async def test_what_is_told_while_nobody_publishes_is_bounded(site):
    relay = Relay(site.broker, site.stores.deliveries, site.clock, RelayLimits(backlog=3))
    owed = await site.owe(1, 2)
    for _ in range(10):
        relay.tell(owed)
    assert len(relay._told) == 4


# --- settling --------------------------------------------------------------------------------------------------------


async def claimed(site, *serials):
    owed = await site.owe(*serials)
    found = await site.stores.deliveries.claim([d.id for d in owed], "a", site.now, site.now + HOUR)
    assert len(found) == len(owed)
    return owed


def delivered(site, delivery):
    return Settlement(delivery.id, "a", DeliveryState.DELIVERED, site.now, attempt=None)


async def test_outcomes_that_come_together_are_written_together(site):
    owed = await claimed(site, *range(1, 8))
    settling = asyncio.create_task(site.settler.run())
    for delivery in owed:
        site.settler.settle(delivered(site, delivery), None)
    await site.settler.drained()
    assert await site.states(owed) == [DeliveryState.DELIVERED] * 7
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)


async def test_outcomes_wait_while_the_store_is_away_and_are_written_when_it_is_back(site):
    owed = await claimed(site, 1, 2)
    settling = asyncio.create_task(site.settler.run())
    with site.store_away():
        for delivery in owed:
            site.settler.settle(delivered(site, delivery), None)
        await asyncio.sleep(0.25)
        assert await site.states(owed) == [DeliveryState.CLAIMED] * 2
    async with asyncio.timeout(5):
        await site.settler.drained()
    assert await site.states(owed) == [DeliveryState.DELIVERED] * 2
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)


@pytest.mark.parametrize(
    "defect", [{"state": None}, {"digest": object()}], ids=["fails in our code", "the database refuses it"]
)
async def test_an_outcome_that_cannot_be_written_harms_no_other_and_does_not_end_the_writer(site, defect):
    owed = await claimed(site, 1, 2, 3)
    settling = asyncio.create_task(site.settler.run())
    broken = replace(delivered(site, owed[1]), **defect)
    for settlement in (delivered(site, owed[0]), broken, delivered(site, owed[2])):
        site.settler.settle(settlement, None)
    async with asyncio.timeout(5):
        await site.settler.drained()
    assert await site.states(owed) == [DeliveryState.DELIVERED, DeliveryState.CLAIMED, DeliveryState.DELIVERED]
    assert not settling.done()
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)


async def test_an_outcome_of_a_delivery_that_somebody_else_holds_now_changes_nothing(site):
    (owed,) = await claimed(site, 1)
    site.now += 2 * HOUR
    await site.stores.deliveries.release_expired(site.now)
    settling = asyncio.create_task(site.settler.run())
    site.settler.settle(
        delivered(site, owed), site.scribe.entry(DISPATCHER, "delivery.delivered", f"delivery:{owed.id}")
    )
    await site.settler.drained()
    assert await site.states([owed]) == [DeliveryState.PENDING]
    assert await site.actions(f"delivery:{owed.id}") == []
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)


# --- the lookout -----------------------------------------------------------------------------------------------------


class Board:
    """Signs that a test sets."""

    def __init__(self, **signs):
        self.signs = signs
        self.wanted = None

    async def read(self, wanted, _now):
        self.wanted = frozenset(wanted)
        return {sign: self.signs.get(sign, 0) for sign in wanted}


def lookout_of(board, site, *signs):
    return Lookout(board, site.clock, {sign: asyncio.Event() for sign in signs})


async def woken(lookout):
    """Which loops one look wakes."""
    await lookout.step()
    found = {sign for sign, wake in lookout.wakes.items() if wake.is_set()}
    for wake in lookout.wakes.values():
        wake.clear()
    return found


async def test_the_lookout_wakes_the_loops_that_have_something_to_do_and_no_other(site):
    board = Board(entries=1)
    lookout = lookout_of(board, site, Sign.ENTRIES, Sign.DUE)
    assert [await woken(lookout), await woken(lookout)] == [{Sign.ENTRIES}, {Sign.ENTRIES}]
    board.signs = {"due": 1}
    assert await woken(lookout) == {Sign.DUE}
    assert board.wanted == {Sign.ENTRIES, Sign.DUE}


async def test_a_number_that_grows_is_news_once_and_again_when_it_was_set_back(site):
    board = Board(directory=4)
    lookout = lookout_of(board, site, Sign.DIRECTORY)
    seen = [await woken(lookout), await woken(lookout)]
    for number in (5, 3):
        board.signs = {"directory": number}
        seen += [await woken(lookout), await woken(lookout)]
    assert seen == [{Sign.DIRECTORY}, set()] * 3


async def test_what_lies_in_the_store_wakes_its_loop_at_its_next_look(site):
    """The lookout of a process, with the real store: the loop rests for an hour and is woken by an audit entry."""
    stop, seen = asyncio.Event(), asyncio.Event()

    async def step():
        if await site.stores.audit.unsequenced(1):
            seen.set()
        return False

    loop = Loop("integrator", step, HOUR, sign=Sign.ENTRIES)
    lookout = Loop("lookout", Lookout(site.stores.signs, site.clock, {Sign.ENTRIES: loop.wake}).step, MOMENT)
    running = [asyncio.create_task(run(one, stop)) for one in (loop, lookout)]
    await asyncio.sleep(0.02)
    assert not seen.is_set()
    await site.stores.audit.write([site.scribe.entry(DISPATCHER, "record.read", "record:1")])
    async with asyncio.timeout(5):
        await seen.wait()
    stop.set()
    await asyncio.gather(*running)


# --- leadership ------------------------------------------------------------------------------------------------------


def leading(site, owner, done):
    """Two steps of one process."""
    leader = Leadership(site.stores.leases, "scheduler", owner, site.clock)

    def working(name):
        async def step():
            done.append(f"{owner} {name}")
            return True

        return leader.only_one(step)

    return working("gathers"), working("samples")


async def test_only_the_process_with_the_lease_does_the_work_until_it_dies(site):
    done = []
    first, _ = leading(site, "first", done)
    second, _ = leading(site, "second", done)
    assert [await first(), await second(), await first()] == [True, False, True]
    site.now += LEASE
    assert [await second(), await first()] == [True, False]
    assert done == ["first gathers", "first gathers", "second gathers"]


async def test_one_lease_is_for_all_the_work_of_a_role_and_whichever_comes_first_renews_it(site):
    done = []
    gathers, samples = leading(site, "first", done)
    other, _ = leading(site, "second", done)
    assert await gathers()
    for _ in range(4):  # for longer than a lease only the other work is done
        site.now += RENEWED
        assert await samples()
    assert not await other()


async def test_who_was_refused_asks_again_soon_but_not_at_every_step(site):
    done, asked = [], []
    take = site.stores.leases.take

    class Counting:
        async def take(self, *given):
            asked.append(given)
            return await take(*given)

    first, _ = leading(site, "first", done)
    second = Leadership(Counting(), "scheduler", "second", site.clock).only_one(first)
    await first()
    for _ in range(20):
        assert not await second()
    assert len(asked) == 1
    site.now += REFUSED
    assert not await second()
    assert len(asked) == 2
