"""The dispatcher over its embedded parts: what becomes of a delivery when the partner takes it, fails or hangs."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.breaker import BreakerState
from gateway.core.errors import Permanent, Transient, Unavailable
from gateway.core.model import Batching, BatchMode, BreakerPolicy, DeliveryState, Fault, FormatName, Ordering, Outcome
from gateway.core.ports.adapters import Handover
from gateway.work import line as work_line
from gateway.work.relay import announcements
from tests.unit.work_site import CASE, HIRE, OHIO, eventually, open_site, partner, transfers

PENDING, DELIVERED, DEAD = DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.DEAD


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def outage():
    return Transient("The partner is away.", code="http-503", answer="503")


async def test_a_delivery_that_the_partner_takes_is_delivered_once_with_its_digest_and_one_audit_entry(site):
    (owed,) = await site.owe(1)
    async with site.dispatching():
        await site.come_to_rest()
    found = await site.found(owed)
    (parcel,) = site.door.taken
    assert (found.state, found.attempts, found.digest, found.size) == (DELIVERED, 1, parcel.digest, len(parcel.body))
    assert b"CaseTransfer" in parcel.body
    assert await site.actions(f"delivery:{owed.id}") == ["delivery.delivered"]
    assert site.observed == [(OHIO, Outcome.DELIVERED)]


async def test_what_lies_with_the_partner_until_it_acknowledges_waits(site):
    (owed,) = await site.owe(1)
    site.door.handover = Handover(final=False)
    async with site.dispatching():
        await site.come_to_rest()
    assert (await site.found(owed)).state is DeliveryState.WAITING
    assert await site.actions(f"delivery:{owed.id}") == ["delivery.placed"]


async def test_an_outage_is_tried_again_at_the_scheduled_times_with_the_same_bytes_and_then_is_dead(site):
    (owed,) = await site.owe(1)
    site.door.failure = outage
    async with site.dispatching():
        for attempts, wait in ((1, 30), (2, 120)):
            await site.come_to_rest()
            found = await site.found(owed)
            assert (found.state, found.attempts, found.cause) == (PENDING, attempts, "http-503")
            assert found.due_at == site.now + timedelta(seconds=wait)
            site.wait(seconds=wait - 1)
            await site.come_to_rest()
            assert len(site.door.begun) == attempts
            site.wait(seconds=1)
        await site.come_to_rest()
    found = await site.found(owed)
    assert (found.state, found.fault, found.cause, found.attempts) == (DEAD, Fault.PARTNER, "http-503", 3)
    assert {(parcel.delivery, parcel.digest) for parcel in site.door.begun} == {(owed.id, found.digest)}
    assert await site.actions(f"delivery:{owed.id}") == ["delivery.attempted"] * 2 + ["delivery.dead"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("http-400", Fault.RECORD),
        ("http-422", Fault.RECORD),
        ("refused-by-partner", Fault.RECORD),
        ("http-403", Fault.PARTNER),
        ("host-key-changed", Fault.PARTNER),
    ],
)
async def test_a_refusal_is_dead_at_once_and_says_who_must_act(site, code, fault):
    (owed,) = await site.owe(1)
    site.door.failure = lambda: Permanent("Refused.", code=code, answer="no")
    async with site.dispatching():
        await site.come_to_rest()
    found = await site.found(owed)
    assert (found.state, found.fault, found.cause, found.attempts) == (DEAD, fault, code, 1)
    assert await site.actions(f"delivery:{owed.id}") == ["delivery.dead"]


@pytest.mark.parametrize("failure", [lambda: Unavailable("Our disk.", code="disk"), lambda: ValueError("a defect")])
async def test_a_fault_of_ours_counts_as_no_attempt_and_goes_out_again_soon(site, failure):
    (owed,) = await site.owe(1)
    site.door.failure = failure
    async with site.dispatching():
        await site.come_to_rest()
        found = await site.found(owed)
        assert (found.state, found.attempts, found.fault) == (PENDING, 0, None)
        assert await site.stores.desk.attempts(owed.id) == ()
        assert await site.actions(f"delivery:{owed.id}") == []
        assert site.observed == [(OHIO, Outcome.OURS)]
        site.door.failure = None
        site.wait(seconds=5)
        await site.come_to_rest()
    assert await site.states([owed]) == [DELIVERED]


async def test_bytes_that_differ_from_those_sent_before_are_held_and_not_sent(site):
    (owed,) = await site.owe(1)
    site.door.failure = outage
    async with site.dispatching():
        await site.come_to_rest()
        site.rows(f"UPDATE deliveries SET digest = '{'0' * 64}'")  # noqa: S608 - no input in it
        site.door.failure = None
        site.wait(seconds=30)
        await site.come_to_rest()
    found = await site.found(owed)
    assert (found.state, found.cause, found.fault) == (DeliveryState.HELD, "payload-changed", Fault.GATEWAY)
    assert len(site.door.begun) == 1
    assert (await site.actions(f"delivery:{owed.id}"))[-1] == "delivery.held"


async def test_a_sealed_record_that_somebody_changed_is_held_and_not_sent(site):
    (owed,) = await site.owe(1)
    site.rows("UPDATE records SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'00' AS BLOB)")
    async with site.dispatching():
        await site.come_to_rest()
    assert (await site.found(owed)).state is DeliveryState.HELD
    assert site.door.begun == []


@pytest.mark.parametrize(("name", "rule"), [("J" * 40, "FIX-WIDTH"), ("JOS\u00c9", "FIX-CHARACTER")])
async def test_what_the_partners_format_cannot_carry_is_dead_as_a_fault_of_the_record_and_reported(site, name, rule):
    site.know(partner(OHIO, "39", formats={CASE: FormatName("csenet")}))
    await site.post("key", transfers(1, given_name=name))
    async with site.dispatching():
        await site.come_to_rest()
    found = await site.found(site.told[0])
    assert (found.state, found.fault, found.cause) == (DEAD, Fault.RECORD, rule)
    assert site.door.begun == []
    assert site.observed == [(OHIO, Outcome.PERMANENT)]


async def test_nothing_goes_to_a_paused_partner_and_when_it_goes_on_it_gets_what_waits_in_the_store(site):
    owed = await site.owe(1, 2)
    site.know(partner(OHIO, "39", paused=True))
    async with site.dispatching() as dispatcher:
        await site.come_to_rest()
        await dispatcher.look()
        await eventually(site.at_rest)
        assert await site.states(owed) == [PENDING, PENDING]
        assert site.door.begun == []
        site.know()
        await dispatcher.look()
        await eventually(site.at_rest)
    assert await site.states(owed) == [DELIVERED, DELIVERED]


async def test_a_partner_that_is_paused_while_deliveries_wait_for_it_gets_no_further_one(site):
    site.know(partner(OHIO, "39", concurrency=1))
    owed = await site.owe(1, 2, 3, 4)
    site.door.open.clear()
    async with site.dispatching():
        await site.relay.sweep()
        await eventually(lambda: site.door.begun)
        site.know(partner(OHIO, "39", concurrency=1, paused=True))
        site.door.open.set()
        await eventually(site.at_rest)
    assert sorted(await site.states(owed)) == [DELIVERED, PENDING, PENDING, PENDING]
    assert [(await site.found(d)).attempts for d in owed if d.id != site.door.begun[0].delivery] == [0, 0, 0]


# --- breaker ---------------------------------------------------------------------------------------------------------

POLICY = BreakerPolicy(failures=2, rest=timedelta(seconds=30), longest_rest=timedelta(seconds=60))


async def test_an_open_breaker_gives_the_others_back_without_an_attempt_and_one_probe_lets_them_go(site):
    site.know(partner(OHIO, "39", concurrency=1, breaker=POLICY))
    owed = await site.owe(*range(1, 9))
    site.door.failure = outage
    async with site.dispatching():
        await site.come_to_rest()
        assert len(site.door.begun) == 2
        assert sorted([(await site.found(d)).attempts for d in owed]) == [0] * 6 + [1] * 2
        assert await site.states(owed) == [PENDING] * 8
        (row,) = await site.stores.health.breakers()
        assert (row.state, row.probe_at) == ("open", site.now + timedelta(seconds=30))
        site.wait(seconds=29)
        await site.come_to_rest()
        assert len(site.door.begun) == 2
        site.door.failure = None
        site.wait(seconds=1)
        await site.come_to_rest()
        (row,) = await site.stores.health.breakers()
        assert row.state == "closed"
    assert await site.states(owed) == [DELIVERED] * 8


async def test_a_half_open_breaker_lets_one_probe_out_at_a_time_and_a_failed_one_rests_twice_as_long(site):
    site.know(partner(OHIO, "39", concurrency=4, breaker=POLICY))
    await site.owe(*range(1, 9))
    site.door.failure = outage
    async with site.dispatching():
        await site.come_to_rest()
        site.wait(seconds=30)
        before = len(site.door.begun)
        site.door.most_inside = 0
        await site.come_to_rest()
        assert len(site.door.begun) == before + 1
        assert site.door.most_inside == 1
        (row,) = await site.stores.health.breakers()
        assert (row.state, row.probe_at) == ("open", site.now + timedelta(seconds=60))


async def test_a_probe_that_ends_in_a_fault_of_ours_does_not_leave_the_breaker_half_open_for_ever(site):
    site.know(partner(OHIO, "39", concurrency=1, breaker=POLICY))
    owed = await site.owe(*range(1, 4))
    site.door.failure = outage
    async with site.dispatching():
        await site.come_to_rest()
        site.wait(seconds=30)
        site.door.failure = lambda: Unavailable("Our disk.", code="disk")
        await site.come_to_rest()
        site.door.failure = None
        site.wait(seconds=30)
        await site.come_to_rest()
        site.wait(seconds=60)
        await site.come_to_rest()
    assert await site.states(owed) == [DELIVERED] * 3


async def test_a_refused_record_does_not_open_the_breaker(site):
    site.know(partner(OHIO, "39", concurrency=1, breaker=POLICY))
    owed = await site.owe(*range(1, 6))
    site.door.failure = lambda: Permanent("Refused.", code="http-400")
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states(owed) == [DEAD] * 5


# --- order, width, end -----------------------------------------------------------------------------------------------


async def test_records_of_one_case_arrive_in_order_and_a_stuck_one_parks_only_its_own_case(site):
    site.know(partner(OHIO, "39", ordering=Ordering.CASE))
    stuck = await site.owe(1, 2, 3)
    free = await site.owe(4, case="MI20000002")
    failing = {stuck[0].id}
    site.door.refuses = lambda parcel: parcel.delivery in failing
    async with site.dispatching():
        await site.come_to_rest()
        assert await site.states([*stuck, *free]) == [PENDING, PENDING, PENDING, DELIVERED]
        failing.clear()
        site.wait(seconds=30)
        for _ in stuck:
            await site.come_to_rest()
    assert await site.states(stuck) == [DELIVERED] * 3
    assert [parcel.delivery for parcel in site.door.taken if parcel.delivery != free[0].id] == [d.id for d in stuck]


async def test_no_more_parcels_are_on_their_way_than_the_partner_allows(site):
    site.know(partner(OHIO, "39", concurrency=2))
    owed = await site.owe(*range(1, 10))
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states(owed) == [DELIVERED] * 9
    assert site.door.most_inside == 2


BY_COUNT = {HIRE: Batching(BatchMode.COUNT, count=10_000)}


@pytest.mark.parametrize(("batching", "held"), [(BY_COUNT, 1), ({}, 5)], ids=["by count", "control: at once"])
async def test_whole_files_after_small_ones_are_not_held_in_memory_together(site, batching, held, monkeypatch):
    monkeypatch.setattr(work_line, "RECORD", work_line.HELD)
    site.know(partner(OHIO, "39", batching=batching))
    await site.owe(1)
    async with site.dispatching():
        await site.come_to_rest()
        owed = await site.owe(2, 3, 4, 5, 6)
        site.door.open.clear()
        await site.relay.sweep()
        await eventually(lambda: site.door.inside == held)
        assert (await site.states(owed)).count(DeliveryState.CLAIMED) == held
        site.door.open.set()
        await eventually(site.at_rest)
    assert await site.states(owed) == [DELIVERED] * 5
    assert site.door.most_inside == held


async def test_a_process_that_ends_while_the_partner_hangs_leaves_nothing_claimed_and_nothing_counted(site):
    site.know(partner(OHIO, "39", concurrency=2))
    owed = await site.owe(*range(1, 7))
    site.door.open.clear()
    async with site.dispatching(patience=timedelta(milliseconds=50)):
        await site.relay.sweep()
        await eventually(lambda: len(site.door.begun) == 2)
        assert DeliveryState.CLAIMED in await site.states(owed)
    assert await site.states(owed) == [PENDING] * 6
    assert [(await site.found(d)).attempts for d in owed] == [0] * 6
    assert site.door.inside == 0


async def test_a_process_that_ends_lets_running_attempts_end_and_begins_no_other(site):
    site.know(partner(OHIO, "39", concurrency=1))
    owed = await site.owe(1, 2, 3)
    site.door.open.clear()
    async with site.dispatching():
        await site.relay.sweep()
        await eventually(lambda: site.door.begun)
        asyncio.get_running_loop().call_later(0.05, site.door.open.set)
    assert sorted(await site.states(owed)) == [DELIVERED, PENDING, PENDING]


async def test_a_process_can_end_though_the_store_is_away(site):
    await site.owe(1)
    with site.store_away():
        async with asyncio.timeout(5), site.dispatching():
            pass


async def test_deliveries_go_on_when_the_store_comes_back(site):
    owed = await site.owe(1, 2)
    async with site.dispatching() as dispatcher:
        announced = await site.stores.deliveries.due(site.now, site.now + timedelta(minutes=1), 10)
        with site.store_away():
            await site.broker.publish(announcements(announced))
            await asyncio.sleep(0.25)
        site.wait(minutes=1)
        await site.come_to_rest()
        assert not dispatcher._pumps[OHIO].done()
    assert await site.states(owed) == [DELIVERED] * 2


async def test_a_process_never_tries_a_delivery_twice_at_a_time_though_its_lease_ran_out(site):
    """The store was away longer than the lease: what is under way is released, announced, and claimed here once more.
    Two attempts of one process would write the same temporary file on the partner's server."""
    (owed,) = await site.owe(1)
    site.door.open.clear()
    async with site.dispatching() as dispatcher:
        await site.relay.sweep()
        await eventually(lambda: site.door.inside == 1)
        site.wait(minutes=6)
        assert await site.stores.deliveries.release_expired(site.now) == 1
        await site.relay.sweep()

        async def claimed():
            return await site.states([owed]) == [DeliveryState.CLAIMED]

        await eventually(claimed)
        await dispatcher.renew()
        site.door.open.set()
        await eventually(site.at_rest)
    assert await site.states([owed]) == [DELIVERED]
    assert (site.door.most_inside, len(site.door.taken)) == (1, 1)
    assert [one.outcome for one in await site.stores.desk.attempts(owed.id)] == [Outcome.DELIVERED]


async def test_an_announcement_of_an_unknown_partner_or_a_finished_delivery_does_no_harm(site):
    owed = await site.owe(1)
    async with site.dispatching() as dispatcher:
        await site.come_to_rest()
        for announcement in announcements([(OHIO, owed[0].id), ("nobody", owed[0].id)]):
            await dispatcher.take(announcement)
        await eventually(site.at_rest)
    assert len(site.door.begun) == 1


async def test_a_delivery_that_is_cut_short_when_its_process_ends_says_so_until_its_next_attempt(site):
    (owed,) = await site.owe(1)
    site.door.open.clear()
    async with site.dispatching() as dispatcher:
        await site.relay.sweep()
        await eventually(lambda: site.door.inside == 1)
        await dispatcher.close(timedelta())
    found = await site.found(owed)
    assert (found.state, found.cause, found.attempts) == (PENDING, "process-died", 0)
    site.door.open.set()
    async with site.dispatching():
        await site.come_to_rest()
    found = await site.found(owed)
    assert (found.state, found.cause) == (DELIVERED, None)


async def test_after_a_clock_was_set_back_an_open_breaker_keeps_nothing_waiting(site):
    site.know(partner(OHIO, "39", breaker=replace(POLICY, failures=1), ordering=Ordering.NONE))
    site.door.failure = outage
    await site.owe(1)
    async with site.dispatching() as dispatcher:
        await site.relay.sweep()
        await eventually(lambda: OHIO in dispatcher._lines)
        await eventually(lambda: dispatcher._lines[OHIO].breaker.state is BreakerState.OPEN)
        site.door.failure = None
        site.wait(hours=-5)
        (fresh,) = await site.owe(2)
        await site.relay.sweep()

        async def delivered():
            return await site.states([fresh]) == [DELIVERED]

        await eventually(delivered)


async def test_a_changed_partner_is_used_for_what_already_waits(site):
    site.know(partner(OHIO, "39", concurrency=1))
    await site.owe(1)
    async with site.dispatching() as dispatcher:
        await site.come_to_rest()
        site.know(partner(OHIO, "39", concurrency=3, breaker=replace(POLICY, failures=7)))
        await site.owe(2, 3, 4, 5, 6)
        site.door.open.clear()
        await site.relay.sweep()
        await eventually(lambda: site.door.inside == 3)
        site.door.open.set()
        await eventually(site.at_rest)
        assert dispatcher._lines[OHIO].breaker.policy.failures == 7
    assert site.door.most_inside == 3


# --- controls: the same outage with a safeguard switched off ---------------------------------------------------------


async def test_control_without_a_breaker_an_outage_burns_an_attempt_of_every_delivery(site):
    site.know(partner(OHIO, "39", concurrency=1, breaker=BreakerPolicy(failures=1_000)))
    owed = await site.owe(*range(1, 9))
    site.door.failure = outage
    async with site.dispatching():
        await site.come_to_rest()
    assert [(await site.found(d)).attempts for d in owed] == [1] * 8


async def test_control_without_order_a_stuck_record_is_overtaken_by_the_next_of_its_case(site):
    site.know(partner(OHIO, "39", ordering=Ordering.NONE))
    stuck, other = await site.owe(1, 2)
    site.door.refuses = lambda parcel: parcel.delivery == stuck.id
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states([stuck, other]) == [PENDING, DELIVERED]


async def test_control_a_dispatcher_that_is_only_cancelled_leaves_its_claims_to_their_leases(site):
    (owed,) = await site.owe(1)
    await site.stores.deliveries.claim([owed.id], "dead", site.now, site.now + timedelta(minutes=5))
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.states([owed]) == [DeliveryState.CLAIMED]
