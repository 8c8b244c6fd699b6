"""What takes longer than anybody thought: attempts beyond their lease, breakers of processes that ended, long steps."""

import asyncio
from datetime import timedelta

import pytest

from gateway.core.breaker import BreakerState
from gateway.core.errors import Permanent
from gateway.core.model import BreakerPolicy, DeliveryState, Fault
from gateway.core.ports.health import BreakerRow, Share
from gateway.work.housekeeping import Housekeeper
from gateway.work.loops import Loop, ended, run
from gateway.work.presence import Presence
from gateway.work.relay import announcements
from tests.unit.work_site import OHIO, eventually, open_site, partner

DELIVERED, PENDING = DeliveryState.DELIVERED, DeliveryState.PENDING


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def keeper(site):
    stores = site.stores
    return Housekeeper(
        stores.deliveries, stores.desk, stores.spool, stores.health, site.broker, site.clock, stores.amendments
    )


async def sent_for_ten_minutes(site, renewed):
    """How often a file is sent that takes ten minutes, while leases last five and another process is there."""
    (owed,) = await site.owe(1)
    (announcement,) = announcements([(OHIO, owed.id)])
    site.door.open.clear()
    other = site.dispatcher("b")
    async with site.dispatching() as dispatcher:
        await site.relay.sweep()
        await eventually(lambda: site.door.inside)
        for _ in range(5):
            site.wait(minutes=2)
            if renewed:
                await dispatcher.renew()
            await keeper(site).release()
            await other.take(announcement)
            await asyncio.sleep(0.05)
        await other.close(timedelta())
        site.door.open.set()
        await site.come_to_rest()
    assert await site.states([owed]) == [DELIVERED]
    return len(site.door.begun)


async def test_an_attempt_that_takes_longer_than_its_lease_keeps_it_and_nobody_sends_beside_it(site):
    assert await sent_for_ten_minutes(site, renewed=True) == 1


async def test_control_without_renewal_the_same_file_is_sent_beside_itself(site):
    assert await sent_for_ten_minutes(site, renewed=False) > 1


async def test_what_waited_for_its_slot_past_its_lease_is_given_back_and_not_sent(site):
    owed = await site.owe(1)
    dispatcher = site.dispatcher()
    settling = asyncio.create_task(site.settler.run())
    try:
        announced = await site.stores.deliveries.due(site.now, site.now, 10)
        slots = asyncio.Semaphore(0)
        await site.broker.open()
        await site.broker.consume(OHIO, dispatcher.take)
        line = dispatcher._opened(site.directory.partners[OHIO])
        dispatcher._slots[OHIO] = slots
        await site.relay.sweep()
        line.add(id_ for _, id_ in announced)
        dispatcher._wakes[OHIO].set()
        await eventually(lambda: line.running)
        site.wait(minutes=6)  # the process slept, or the renewal could not be written
        slots.release()
        await eventually(lambda: not line.running)
        await site.settler.drained()
        assert site.door.begun == []
        assert await site.states(owed) == [PENDING]
    finally:
        await site.broker.cancel(OHIO)
        await dispatcher.close(timedelta(seconds=1))
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


async def test_a_partner_that_takes_deliveries_is_not_said_to_be_away_by_a_process_that_ended(site):
    left = BreakerRow(OHIO, BreakerState.OPEN, 5, site.now, site.now + timedelta(minutes=1))
    await site.stores.health.save_breaker(left)
    await site.owe(1, 2)
    async with site.dispatching():
        await site.come_to_rest()
    (row,) = await site.stores.health.breakers()
    assert (row.state, row.failures) == (BreakerState.CLOSED, 0)


async def test_a_step_that_does_not_end_is_called_off_and_the_process_ends():
    begun, called_off = asyncio.Event(), asyncio.Event()

    async def endless():
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            called_off.set()
        return False

    stop = asyncio.Event()
    task = asyncio.create_task(run(Loop("endless", endless, timedelta(seconds=1)), stop))
    await begun.wait()
    stop.set()
    async with asyncio.timeout(2):
        await ended([task], timedelta(milliseconds=20))
    assert called_off.is_set()
    assert task.done()


# --- what never ends by itself ---------------------------------------------------------------------------------------


async def test_a_delivery_at_which_the_gateway_fails_again_and_again_is_tried_more_rarely_and_then_held(site):
    poison, _ = await site.owe(1, 2)

    def defect():
        raise ValueError("a defect")

    site.door.refuses = lambda parcel: defect() if parcel.delivery == poison.id else False
    begun, times = site.now, []
    async with site.dispatching():
        while (await site.found(poison)).state is PENDING:
            before = len(site.door.begun)
            await site.come_to_rest()
            if len(site.door.begun) > before:
                times.append((site.now - begun).total_seconds())
            site.wait(seconds=5)
    held = await site.found(poison)
    assert times == [0, 5, 15, 35, 75, 135, 195, 255, 315]
    assert (held.state, held.cause, held.fault, held.attempts) == (DeliveryState.HELD, "internal", Fault.GATEWAY, 0)
    assert await site.actions(f"delivery:{poison.id}") == ["delivery.held"]
    assert len(site.door.taken) == 1


async def shut(site, code):
    """How many of ten deliveries are dead when nobody is let in."""
    site.know(partner(OHIO, "39", concurrency=1, breaker=BreakerPolicy(failures=3)))
    owed = await site.owe(*range(1, 11))
    site.door.failure = lambda: Permanent("Not trusted.", code=code)
    async with site.dispatching():
        await site.come_to_rest()
        dead = (await site.states(owed)).count(DeliveryState.DEAD)
        site.door.failure = None
        site.wait(minutes=1)
        await site.come_to_rest()
    assert (await site.states(owed)).count(DELIVERED) == 10 - dead
    return dead


async def test_a_partner_that_lets_nobody_in_costs_a_few_deliveries_and_the_others_wait_for_it(site):
    assert await shut(site, "tls-untrusted") == 3


async def test_control_refusals_of_single_records_let_the_next_one_try(site):
    assert await shut(site, "http-422") == 10


# --- what nobody announces -------------------------------------------------------------------------------------------


async def test_what_was_announced_to_a_process_that_ended_is_found_by_the_next(site):
    owed = await site.owe(*range(1, 6))
    await site.stores.deliveries.due(site.now, site.now + timedelta(minutes=1), 100)  # nobody heard it
    async with site.dispatching() as dispatcher:
        await dispatcher.look()
        await eventually(site.at_rest)
    assert await site.states(owed) == [DELIVERED] * 5


async def test_control_without_a_look_it_waits_for_the_next_announcement(site):
    owed = await site.owe(*range(1, 6))
    await site.stores.deliveries.due(site.now, site.now + timedelta(minutes=1), 100)
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states(owed) == [PENDING] * 5


async def test_ids_that_a_line_forgets_are_found_when_the_others_are_done(site, monkeypatch):
    monkeypatch.setattr("gateway.work.line.BACKLOG", 2)
    monkeypatch.setattr("gateway.work.dispatcher.PAGE", 2)
    owed = await site.owe(*range(1, 8))
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states(owed) == [DELIVERED] * 7
    assert len(site.door.begun) == 7


async def test_two_dispatchers_each_take_a_share_of_a_partners_rate_and_the_one_that_stays_takes_all(site):
    clocks = [Presence(site.stores.leases, "dispatcher", owner, site.clock) for owner in ("a", "b")]
    for presence in (*clocks, clocks[0]):
        await presence.step()
    assert [presence.share() for presence in clocks] == [Share(0, 2), Share(1, 2)]
    await clocks[0].leave()
    await clocks[1].step()
    assert clocks[1].share() == Share(0, 1)
