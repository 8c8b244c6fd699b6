"""What the scheduler and the integrator do by the clock: gather, reroute, bulk jobs, housekeeping, the audit log."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.audit.frontier import Frontier
from gateway.core.model import (
    Actor,
    AgreementMode,
    Batching,
    BatchMode,
    DeliveryState,
    FormatName,
    JobId,
)
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.core.seldom import Seldom
from gateway.logbook import Logbook
from gateway.store.deliveries import StoredDeliveries
from gateway.store.health import StoredHealth
from gateway.work.bulk import BulkRunner
from gateway.work.directory import DirectoryWatch
from gateway.work.gather import Gatherer
from gateway.work.housekeeping import UPLOAD_AGE, Housekeeper
from gateway.work.intake import IntakeLimits
from gateway.work.integrator import Integrator
from gateway.work.reroute import Rerouter
from tests.unit.work_site import CASE, MICHIGAN, MORNING, OHIO, TEXAS, agreement, open_site, partner, transfers

PENDING, DEAD = DeliveryState.PENDING, DeliveryState.DEAD
PAT = Actor("operator", "pat")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


# --- gather ----------------------------------------------------------------------------------------------------------


def gatherer(site):
    return Gatherer(site.stores.deliveries, lambda: site.directory, site.scribe, site.clock, site.mint)


def batched(**batching):
    plain = {"mode": BatchMode.COUNT, "count": 3, "age": timedelta(minutes=5), "limit": 4} | batching
    return partner(OHIO, "39", batching={CASE: Batching(**plain)})


async def batches(site):
    return [row[0] for row in site.rows("SELECT records FROM deliveries ORDER BY id")]


async def test_records_wait_until_the_count_is_reached_or_the_oldest_is_old_enough(site):
    site.know(batched())
    await site.owe(1, 2)
    assert site.told == []
    assert await gatherer(site).step() is False
    assert await batches(site) == []
    await site.owe(3)
    await gatherer(site).step()
    assert await batches(site) == [3]
    await site.owe(4)
    site.wait(minutes=5)
    await gatherer(site).step()
    assert await batches(site) == [3, 1]


async def test_no_batch_is_bigger_than_the_limit_and_a_full_one_says_that_there_may_be_more(site):
    site.know(batched())
    await site.owe(*range(1, 10))
    assert [await gatherer(site).step() for _ in range(3)] == [True, True, False]
    assert await batches(site) == [4, 4]
    site.wait(minutes=5)
    await gatherer(site).step()
    assert await batches(site) == [4, 4, 1]


async def test_what_takes_long_to_count_is_counted_more_rarely(site):
    site.know(batched())
    counted = []

    class Slow(StoredDeliveries):
        async def gathering(self, by_case=()):
            counted.append(site.now)
            site.wait(seconds=0.5)
            return await super().gathering(by_case)

    slow = Gatherer(Slow(site.database), lambda: site.directory, site.scribe, site.clock, site.mint)
    for _ in range(60):
        await slow.step()
        site.wait(seconds=1)
    assert 5 <= len(counted) <= 7
    await site.owe(*range(1, 10))
    site.wait(seconds=10)
    assert [await slow.step() for _ in range(3)] == [True, True, False], "full batches follow each other without a rest"
    assert await batches(site) == [4, 4]


def test_a_look_is_rarer_the_longer_it_takes_and_a_clock_that_is_set_back_makes_nobody_wait():
    seldom, second = Seldom(), timedelta(seconds=1)
    assert not seldom.rests(MORNING)
    seldom.looked(MORNING, MORNING + second)
    assert seldom.rests(MORNING + 20 * second)
    assert not seldom.rests(MORNING + 21 * second)
    assert not seldom.rests(MORNING - timedelta(days=1))
    seldom.looked(MORNING, MORNING + timedelta(hours=1))
    assert not seldom.rests(MORNING + timedelta(hours=1, minutes=1))
    seldom.looked(MORNING, MORNING - second)
    assert not seldom.rests(MORNING)


async def test_figures_that_take_long_to_count_are_sampled_more_rarely(site):
    class Slow(StoredHealth):
        async def lately(self, since, actions):
            site.wait(seconds=2)
            return await super().lately(since, actions)

    slow = replace(keeper(site), health=Slow(site.database))
    for _ in range(30):
        await slow.sample()
        site.wait(seconds=10)
    times = site.rows("SELECT DISTINCT at FROM samples")
    assert 7 <= len(times) <= 9


async def test_a_window_gathers_at_its_time_and_not_before(site):
    site.know(batched(mode=BatchMode.WINDOW, cron="0 9 * * *", count=1))  # 14:00 UTC; it is 13:00
    await site.owe(1, 2)
    site.wait(minutes=59)
    await gatherer(site).step()
    assert await batches(site) == []
    site.wait(minutes=1)
    await gatherer(site).step()
    assert await batches(site) == [2]


async def test_nothing_is_gathered_for_a_paused_partner(site):
    site.know(batched())
    await site.owe(1, 2, 3)
    site.know(replace(batched(), paused=True))
    await gatherer(site).step()
    assert await batches(site) == []


async def test_a_gathered_batch_has_an_audit_entry_and_is_delivered_in_one_parcel_in_order(site):
    site.know(batched())
    await site.owe(1, 2, 3)
    await gatherer(site).step()
    ((id_,),) = site.rows("SELECT id FROM deliveries")
    assert await site.actions(f"delivery:{id_}") == ["delivery.created"]
    async with site.dispatching():
        await site.come_to_rest()
    (parcel,) = site.door.taken
    serials = [parcel.body.index(f"{serial:012}".encode()) for serial in (1, 2, 3)]
    assert serials == sorted(serials)


# --- reroute ---------------------------------------------------------------------------------------------------------


def rerouter(site, page=500):
    return Rerouter(
        site.stores.records,
        site.router,
        site.sealer,
        site.speech.canonical,
        lambda: site.directory,
        site.told.extend,
        page=page,
    )


def in_state(site, state):
    return site.rows(f"SELECT count(*) FROM records WHERE state = '{state}'")[0][0]  # noqa: S608 - our own states


async def test_a_parked_record_leaves_when_an_agreement_lets_it(site):
    site.know(agreements=())
    await site.owe(1, 2)
    rerouting = rerouter(site)
    assert await rerouting.step() is False
    assert in_state(site, "unroutable") == 2
    site.know(agreements=[agreement(MICHIGAN, OHIO)], version=1)
    assert await rerouting.step() is False
    assert in_state(site, "routed") == 2
    async with site.dispatching():
        await site.come_to_rest()
    assert len(site.door.taken) == 2
    ((record, *_), *_rest) = site.rows("SELECT id FROM records ORDER BY id")
    assert await site.actions(f"record:{record}") == ["record.parked", "record.rerouted"]
    assert await rerouting.step() is False
    assert len(site.told) == 2


async def test_an_agreement_made_after_the_record_came_counts_from_its_first_day(site):
    site.know(agreements=())
    await site.owe(1)
    site.wait(days=3)
    site.know(agreements=[agreement(MICHIGAN, OHIO, since=date(2026, 3, 8))], version=1)
    await rerouter(site).step()
    assert in_state(site, "routed") == 1


async def test_an_agreement_that_comes_into_force_by_the_calendar_needs_no_other_change(site):
    site.know(agreements=[agreement(MICHIGAN, OHIO, since=date(2026, 3, 7))])
    await site.owe(1)
    rerouting = rerouter(site)
    for day in (0, 1):
        site.wait(days=day)
        await rerouting.step()
        assert in_state(site, "unroutable") == 1
    site.wait(days=1)
    await rerouting.step()
    assert in_state(site, "routed") == 1


async def test_a_body_that_is_judged_on_a_later_day_leaves_by_the_agreement_of_that_day(site):
    site.know(agreements=[agreement(MICHIGAN, OHIO, since=date(2026, 3, 6))])
    await site.post("k1", transfers(1, 2, 3), IntakeLimits(records_at_once=1))
    site.wait(days=1)
    rerouting = rerouter(site, page=2)
    assert await rerouting.step() is False, "the day's pass has come by"
    while await site.backlog().step():
        pass
    assert in_state(site, "unroutable") == 3
    site.wait(minutes=2)
    while await rerouting.step():
        pass
    assert in_state(site, "routed") == 3


async def test_what_a_process_parks_that_has_not_heard_of_a_new_agreement_leaves_too(site):
    rerouting = rerouter(site)
    assert await rerouting.step() is False, "it knows of the agreement"
    known = site.directory
    site.know(agreements=())
    await site.owe(1)
    site.directory = known
    assert await rerouting.step() is False
    assert in_state(site, "unroutable") == 1
    site.wait(minutes=2)
    assert await rerouting.step() is False
    assert in_state(site, "routed") == 1


async def test_more_parked_records_than_a_page_are_all_tried_though_some_stay(site):
    site.know(agreements=())
    for serial in range(1, 8):
        to = "48" if serial in (2, 3) else "39"
        await site.post(f"k{serial}", transfers(serial, to=to))
    site.know(agreements=[agreement(MICHIGAN, OHIO)], version=1)
    rerouting, steps = rerouter(site, page=2), 1
    while await rerouting.step():
        steps += 1
    assert (in_state(site, "routed"), in_state(site, "unroutable"), steps) == (5, 2, 4)


async def test_a_change_in_the_middle_of_a_pass_starts_it_anew(site):
    site.know(agreements=())
    for serial in range(1, 6):
        await site.post(f"k{serial}", transfers(serial, to="48" if serial == 1 else "39"))
    site.know(agreements=[agreement(MICHIGAN, OHIO)], version=1)
    rerouting = rerouter(site, page=2)
    assert await rerouting.step() is True
    site.know(agreements=[agreement(MICHIGAN, OHIO), agreement(MICHIGAN, TEXAS)], version=2)
    while await rerouting.step():
        pass
    assert in_state(site, "unroutable") == 0


async def test_one_record_that_somebody_changed_does_not_keep_the_others_parked(site):
    site.know(agreements=())
    await site.owe(1, 2, 3)
    site.rows("UPDATE records SET sealed = x'00' WHERE ordinal = 1")
    site.know(agreements=[agreement(MICHIGAN, OHIO)], version=1)
    await rerouter(site).step()
    assert (in_state(site, "routed"), in_state(site, "unroutable")) == (2, 1)


async def test_the_disclosure_guard_decides_over_a_rerouted_record_too(site):
    site.know(agreements=())
    await site.owe(1)
    site.know(partner(OHIO, "39", program="employer"), agreements=[agreement(MICHIGAN, OHIO)], version=1)
    await rerouter(site).step()
    assert (in_state(site, "withheld"), len(site.told)) == (1, 0)
    ((record,),) = site.rows("SELECT id FROM records")
    assert await site.actions(f"record:{record}") == ["record.parked", "record.withheld"]


async def test_a_subscriber_gets_its_copy_of_a_rerouted_record(site):
    copies = agreement(OHIO, TEXAS, mode=AgreementMode.SUBSCRIPTION)
    site.know(agreements=[copies])
    await site.owe(1)
    site.know(agreements=[agreement(MICHIGAN, OHIO), copies], version=1)
    await rerouter(site).step()
    assert [delivery.partner for delivery in site.told] == [OHIO, TEXAS]


# --- bulk ------------------------------------------------------------------------------------------------------------


async def planned(site, action, count):
    owed = await site.owe(*range(1, count + 1))
    site.rows("UPDATE deliveries SET state = 'dead', cause = 'http-400', fault = 'record', attempts = 3")
    job = Job(JobId(site.mint()), action, "mended", str(PAT), "planned", site.now, 0, 0, 0)
    entry = site.scribe.entry(PAT, "job.planned", f"job:{job.id}")
    return owed, await site.stores.jobs.plan(job, DeliveryQuery(state=DEAD), None, entry)


def runner(site):
    return BulkRunner(site.stores.jobs, site.stores.desk, site.scribe, site.clock, lambda: site.directory)


async def start(site, job):
    return await site.stores.jobs.start(job.id, site.scribe.entry(PAT, "job.started", f"job:{job.id}"))


async def test_a_bulk_retry_writes_what_was_never_written_as_the_partners_file_says_now(site):
    owed, job = await planned(site, "retry", 2)
    site.rows("UPDATE deliveries SET digest = 'abc' WHERE id = (SELECT min(id) FROM deliveries)")
    site.know(partner(OHIO, "39", formats={CASE: FormatName("json")}))
    assert await start(site, job)
    while await runner(site).step():
        pass
    assert [(await site.found(one)).format for one in owed] == ["xml", "json"]


async def test_a_bulk_retry_sends_its_selection_on_its_way_again_and_ends(site):
    owed, job = await planned(site, "retry", 3)
    assert await runner(site).step() is False, "a planned job does nothing until somebody starts it"
    assert await start(site, job)
    while await runner(site).step():
        pass
    assert await site.states(owed) == [PENDING] * 3
    assert [(await site.found(d)).attempts for d in owed] == [0] * 3
    ended = await site.stores.jobs.get(job.id)
    assert (ended.state, ended.total, ended.done, ended.skipped) == ("done", 3, 3, 0)
    assert await site.actions(f"job:{job.id}") == ["job.planned", "job.started", "job.ended"]
    (entry,) = [e for _, e in await site.stores.audit.about(f"delivery:{owed[0].id}") if e.action == "delivery.retried"]
    assert (entry.actor, entry.details) == (PAT, {"job": job.id, "reason": "mended"})


async def test_a_job_that_is_cancelled_while_it_runs_does_no_more_and_tells_what_it_did(site):
    owed, job = await planned(site, "withdraw", 60)
    await start(site, job)
    step = asyncio.create_task(runner(site).step())
    while DeliveryState.WITHDRAWN not in await site.states(owed[:5]):
        pass
    ended = site.scribe.entry(PAT, "job.ended", f"job:{job.id}", "cancelled", {"done": 0})
    await site.stores.jobs.end(job.id, "cancelled", ended)
    told = (await site.stores.jobs.get(job.id)).done
    before = (await site.states(owed)).count(DeliveryState.WITHDRAWN)
    await step
    after = (await site.states(owed)).count(DeliveryState.WITHDRAWN)
    assert after <= before + 1, "one may be under way"
    assert (await site.stores.jobs.get(job.id)).done == after < 60
    (entry,) = [e for _, e in await site.stores.audit.about(f"job:{job.id}") if e.action == "job.ended"]
    assert entry.details == {"done": told}
    assert told >= after - 1, "who cancels is told what was done, and so is the log"


async def test_what_somebody_else_did_meanwhile_is_skipped_and_told(site):
    owed, job = await planned(site, "withdraw", 3)
    await start(site, job)
    site.rows(f"UPDATE deliveries SET state = 'delivered' WHERE id = '{owed[1].id}'")  # noqa: S608 - an id of ours
    while await runner(site).step():
        pass
    assert await site.states(owed) == [DeliveryState.WITHDRAWN, DeliveryState.DELIVERED, DeliveryState.WITHDRAWN]
    ended = await site.stores.jobs.get(job.id)
    assert (ended.done, ended.skipped) == (2, 1)


# --- integrator ------------------------------------------------------------------------------------------------------


def logbook(site):
    return Logbook(site.stores.audit, site.keys.signer("gateway.example/log"), site.keys.public_keys)


def integrator(site, seen):
    book = logbook(site)
    return Integrator[Frontier](site.stores.audit, book.grow, book.restore, site.clock, seen.append, book.remember)


async def entries(site, count):
    await site.stores.audit.write([site.scribe.entry(PAT, "operator.login", f"operator:{n}") for n in range(count)])


async def test_entries_are_numbered_without_gaps_and_the_log_verifies(site):
    seen = []
    one = integrator(site, seen)
    assert await one.step() is False
    for count in (3, 300, 1):
        await entries(site, count)
        await one.step()
    assert [checkpoint.size for checkpoint in seen] == [3, 303, 304]
    assert [row[0] for row in site.rows("SELECT seq FROM audit_entries ORDER BY seq")] == list(range(304))
    report = await logbook(site).verify()
    assert not report.faults


async def test_of_two_integrators_the_overtaken_one_finds_its_place_again(site):
    seen = []
    one, other = integrator(site, seen), integrator(site, seen)
    for step in (one, other, one, other, other, one):
        await entries(site, 5)
        while await step.step():
            pass
    await asyncio.gather(*(one.step() for one in (one, other)))
    assert [checkpoint.size for checkpoint in seen] == [5, 10, 15, 20, 25, 30]
    assert [row[0] for row in site.rows("SELECT seq FROM audit_entries ORDER BY seq")] == list(range(30))
    assert not (await logbook(site).verify()).faults


async def test_an_integrator_that_died_is_followed_by_one_that_knows_only_the_store(site):
    seen = []
    await entries(site, 260)
    await integrator(site, seen).step()
    await entries(site, 5)
    await integrator(site, seen).step()
    assert [checkpoint.size for checkpoint in seen] == [260, 265]
    assert not (await logbook(site).verify()).faults


# --- housekeeping ----------------------------------------------------------------------------------------------------


def keeper(site):
    stores = site.stores
    return Housekeeper(
        stores.deliveries, stores.desk, stores.spool, stores.health, site.broker, site.clock, stores.amendments
    )


async def test_claims_of_a_process_that_died_are_pending_again_when_their_lease_is_over(site):
    owed = await site.owe(1)
    await site.stores.deliveries.claim([owed[0].id], "dead", site.now, site.now + timedelta(minutes=5))
    site.wait(minutes=4)
    await keeper(site).release()
    assert await site.states(owed) == [DeliveryState.CLAIMED]
    site.wait(minutes=1)
    await keeper(site).release()
    assert await site.states(owed) == [PENDING]


async def test_pieces_of_uploads_that_never_ended_go_after_hours_and_those_of_submissions_stay(site):
    orphan = site.mint()
    await site.stores.spool.append(orphan, 0, b"sealed")
    site.now += UPLOAD_AGE
    await keeper(site).sweep()
    assert site.rows("SELECT count(*) FROM spool") == [(1,)]
    site.wait(seconds=1)
    await keeper(site).sweep()
    assert site.rows("SELECT count(*) FROM spool") == [(0,)]


@pytest.mark.parametrize("connected", [True, False])
async def test_figures_are_sampled_with_and_without_the_broker(site, connected):
    await site.owe(1, 2)
    if connected:
        await site.broker.open()
        await site.broker.declare([OHIO])
    await keeper(site).sample()
    await keeper(site).sample_broker()
    (pending,) = await site.stores.health.samples("queue.pending", site.now, OHIO)
    assert pending.value == 2.0
    moved = [await site.stores.health.samples(f"queue.{name}", site.now, OHIO) for name in ("entered", "left")]
    assert [one.value for (one,) in moved] == [8.0, 0.0], "a minute, of the last fifteen seconds"
    (accepted,) = await site.stores.health.samples("minute.accepted", site.now)
    assert accepted.value == len(site.rows("SELECT id FROM audit_entries WHERE action = 'record.accepted'"))
    assert len(await site.stores.health.samples("broker.ready", site.now)) == (1 if connected else 0)


async def test_what_moved_between_two_looks_that_are_far_apart_is_counted(site):
    house = keeper(site)
    await house.sample()
    site.wait(seconds=10)
    await site.owe(1, 2)
    site.wait(seconds=50)
    await house.sample()
    (entered,) = await site.stores.health.samples("queue.entered", site.now, OHIO)
    assert entered.value == pytest.approx(2.0), "a minute"
    site.wait(minutes=5)
    await house.sample()
    (entered,) = await site.stores.health.samples("queue.entered", site.now, OHIO)
    assert entered.value == 0.0, "what lies too far back is not averaged into now"


# --- directory -------------------------------------------------------------------------------------------------------


async def test_a_change_of_partners_is_told_before_it_is_used_and_told_again_when_telling_failed(site):
    told = []

    async def tell(directory):
        told.append(directory.version)
        assert watch.current().version != directory.version
        if len(told) == 1:
            raise ConnectionError

    watch = DirectoryWatch(site.stores.partners, [tell])
    await site.stores.partners.apply(
        [partner(OHIO, "39")], [], [site.scribe.entry(PAT, "partner.applied", "partner:ohio")]
    )
    with pytest.raises(ConnectionError):
        await watch.refresh()
    assert OHIO not in watch.current().partners
    assert await watch.refresh() is False
    assert OHIO in (await watch.fresh()).partners
    await watch.refresh()
    assert len(told) == 2
