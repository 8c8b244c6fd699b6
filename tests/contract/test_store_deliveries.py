"""Due, claimed, settled, deferred, gathered: the same on PostgreSQL and SQLite."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, true, update

from gateway.core.apart import Parter
from gateway.core.disclosure import Decision, Withheld
from gateway.core.model import (
    AgreementKey,
    Attempt,
    DeliveryId,
    DeliveryState,
    Digest,
    Fault,
    Outcome,
    Settlement,
)
from gateway.store import claiming
from gateway.store.audit import StoredAuditLog
from gateway.store.danger_changes import StoredDangerChanges
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.protection import StoredNotices
from gateway.store.tables import deliveries, items, records
from tests.contract.owed import AGREEMENT, DISPATCHER, INDIANA, LOCATE, MINUTE, OHIO, TEXAS, Town, ids

LANE, OTHER_LANE = b"case-one-16bytes", b"case-two-16bytes"


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database):
    return StoredDeliveries(database)


@pytest.fixture
def desk(database):
    return StoredDesk(database)


async def claim(store, town, deliveries, owner="a"):
    return await store.claim(ids(deliveries), owner, town.now, town.later())


# --- due -------------------------------------------------------------------------------------------------------------


async def test_what_is_due_is_announced_once_oldest_first_and_again_when_the_announcement_may_be_lost(
    store, town, database
):
    owed = await town.owe(database, 3)
    announced = await store.due(town.now, town.later(), 100)
    assert announced == tuple((OHIO, delivery.id) for delivery in owed)
    assert await store.due(town.now, town.later(), 100) == ()
    town.wait()
    assert len(await store.due(town.now, town.later(), 100)) == 3


async def test_what_a_partner_does_not_take_is_announced_more_and_more_rarely(store, town, database):
    await town.owe(database, 1)
    begun, times = town.now, []
    for _ in range(6 * 60):
        if await store.due(town.now, town.later(), 100):
            times.append((town.now - begun) // MINUTE)
        town.wait()
    assert times == [0, 1, 2, 4, 8, 16, 32, 64, 124, 184, 244, 304]


async def test_what_could_be_claimed_of_a_partner_is_found_oldest_first_though_nobody_announced_it(
    store, town, database
):
    assert await store.owing() == ()
    first, second, third = await town.owe(database, 3)
    await town.owe(database, 1, partner=TEXAS)
    stuck, _behind = await town.owe(database, 2, lane=LANE)
    await town.owe(database, 1, due_at=town.later())
    await claim(store, town, [second])
    assert await store.owing() == (OHIO, TEXAS)
    found = await store.waiting(OHIO, town.now, 10, 0)
    assert list(found) == ids([first, third, stuck])
    assert await store.waiting(OHIO, town.now, 1, 1) == (third.id,)
    assert await store.waiting(INDIANA, town.now, 10, 0) == ()


async def test_what_is_due_later_is_not_announced_before(store, town, database):
    await town.owe(database, due_at=town.later())
    assert await store.due(town.now, town.later(), 100) == ()
    assert len(await store.due(town.wait(), town.later(), 100)) == 1


async def test_only_so_many_are_announced_at_a_time(store, town, database):
    await town.owe(database, 5)
    sizes = [len(await store.due(town.now, town.later(), 2)) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


async def test_relays_that_look_at_the_same_time_announce_each_delivery_once(store, town, database):
    owed = await town.owe(database, 60)
    found = await asyncio.gather(*(store.due(town.now, town.later(), 25) for _ in range(4)))
    announced = [id_ for some in found for _, id_ in some]
    assert len(announced) == len(set(announced))
    rest = await store.due(town.now, town.later(), 100)
    assert {*announced, *(id_ for _, id_ in rest)} == set(ids(owed))


async def test_a_deferred_delivery_stays_pending_and_is_announced_later(store, desk, town, database):
    (delivery,) = await town.owe(database)
    await store.defer([delivery.id], town.later())
    assert await store.due(town.now, town.later(), 10) == ()
    assert (await desk.get(delivery.id)).state is DeliveryState.PENDING
    assert await store.due(town.wait(), town.later(), 10) == ((OHIO, delivery.id),)


# --- claim -----------------------------------------------------------------------------------------------------------


async def test_a_claim_brings_the_sealed_records_in_order(store, town, database):
    first, second = await town.owe(database, 2, records=3)
    claimed = await claim(store, town, [second, first])
    assert [c.delivery.id for c in claimed] == [second.id, first.id]
    assert claimed[0].delivery == replace(second, state=DeliveryState.CLAIMED)
    for one in claimed:
        assert len(one.records) == 3
        assert [id_ for id_, _ in one.records] == sorted(id_ for id_, _ in one.records)
        assert all(sealed == f"sealed {id_}".encode() for id_, sealed in one.records)


async def test_how_many_records_each_holds_is_told_of_those_that_are_pending(store, town, database):
    small, big, done = (*await town.owe(database), *await town.owe(database, records=3), *await town.owe(database))
    await claim(store, town, [done])
    assert await store.sizes([big.id, small.id, done.id, DeliveryId("nobody")]) == {small.id: 1, big.id: 3}
    assert await store.sizes([]) == {}


async def test_only_what_is_pending_and_due_is_claimed(store, town, database):
    (due,) = await town.owe(database)
    early = await town.owe(database, due_at=town.later())
    others = [
        d
        for state in DeliveryState
        if state is not DeliveryState.PENDING
        for d in await town.owe(database, state=state)
    ]
    claimed = await claim(store, town, [*early, *others, due])
    assert [c.delivery.id for c in claimed] == [due.id]
    assert await store.claim([], "a", town.now, town.later()) == ()


async def test_two_owners_race_for_one_delivery_and_exactly_one_gets_it(store, town, database):
    owed = await town.owe(database)
    claims = await asyncio.gather(*(claim(store, town, owed, owner) for owner in "abcd"))
    assert sorted(len(found) for found in claims) == [0, 0, 0, 1]


async def test_owners_that_race_for_many_never_share_one(store, town, database):
    owed = await town.owe(database, 120)
    claims = await asyncio.gather(
        *(claim(store, town, owed[start : start + 60], f"owner-{start}") for start in range(0, 120, 20))
    )
    taken = [one.delivery.id for found in claims for one in found]
    assert len(taken) == len(set(taken))
    rest = await claim(store, town, owed, "last")
    assert {*taken, *(one.delivery.id for one in rest)} == set(ids(owed))


async def test_a_claim_whose_lease_ended_is_pending_again_for_another_owner(store, town, database):
    owed = await town.owe(database)
    await claim(store, town, owed)
    assert await store.release_expired(town.now) == 0
    assert await store.release_expired(town.wait()) == 1
    assert await store.due(town.now, town.later(), 10) == ((OHIO, owed[0].id),)
    assert len(await claim(store, town, owed, "b")) == 1


# --- lanes -----------------------------------------------------------------------------------------------------------


async def test_a_lease_that_its_owner_renews_does_not_end_and_nobody_else_can_renew_it(store, town, database):
    kept, lost, other = await town.owe(database, 3)
    await claim(store, town, [kept, lost])
    await claim(store, town, [other], owner="b")
    until = town.later(3 * MINUTE)
    assert set(await store.renew(ids([kept, other]), "a", until)) == {kept.id}
    assert await store.renew([], "a", until) == ()
    town.wait(2 * MINUTE)
    assert await store.release_expired(town.now) == 2
    assert await store.renew(ids([lost]), "a", until) == ()


async def test_the_second_in_a_lane_is_not_claimed_until_the_first_is_delivered(store, town, database):
    first, second = await town.owe(database, 2, lane=LANE)
    (held,) = await claim(store, town, [second, first])
    assert held.delivery.id == first.id
    assert await claim(store, town, [second], "b") == ()
    await store.settle([town.delivered(held, "a")], [])
    assert [c.delivery.id for c in await claim(store, town, [second], "b")] == [second.id]


async def test_without_the_guard_of_lanes_the_second_would_overtake(store, town, database, monkeypatch):
    monkeypatch.setattr(claiming, "first_in_lane", lambda _candidate: true())
    monkeypatch.setattr(claiming, "_leasing", claiming._leasing.__wrapped__)  # not the statement made before
    _, second = await town.owe(database, 2, lane=LANE)
    assert len(await claim(store, town, [second])) == 1


@pytest.mark.parametrize(
    "state", [DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.WAITING, DeliveryState.CLAIMED]
)
async def test_a_stuck_one_parks_only_its_own_lane(store, town, database, state):
    await town.owe(database, lane=LANE, state=state)
    behind = await town.owe(database, lane=LANE)
    free = [
        *await town.owe(database, lane=OTHER_LANE),
        *await town.owe(database, lane=None),
        *await town.owe(database, partner=TEXAS, lane=LANE),
    ]
    claimed = await claim(store, town, [*behind, *free])
    assert [c.delivery.id for c in claimed] == ids(free)


async def test_a_withdrawn_delivery_frees_its_lane(store, desk, town, database):
    (dead,) = await town.owe(database, lane=LANE, state=DeliveryState.DEAD)
    behind = await town.owe(database, lane=LANE)
    assert await claim(store, town, behind) == ()
    assert await desk.withdraw(dead.id, town.now, town.entry("delivery.withdrawn", f"delivery:{dead.id}"))
    assert len(await claim(store, town, behind)) == 1


async def test_a_delivered_one_wakes_only_the_next_of_its_lane(store, town, database):
    first, second, third = await town.owe(database, 3, lane=LANE)
    await store.due(town.now, town.later(timedelta(hours=1)), 10)
    (held,) = await claim(store, town, [first])
    await store.settle([town.delivered(held, "a")], [])
    assert await store.due(town.now, town.later(), 10) == ((OHIO, second.id),)
    assert third.id not in {id_ for _, id_ in await store.due(town.now, town.later(), 10)}


async def test_dispatchers_in_a_crowd_keep_the_order_of_every_lane(store, town, database):
    lanes = [bytes([n]) * 16 for n in range(4)]
    owed = [delivery for _ in range(5) for lane in lanes for delivery in await town.owe(database, lane=lane)]
    handed_over = []

    async def dispatch(owner):
        while len(handed_over) < len(owed):
            for one in await claim(store, town, owed, owner):
                handed_over.append(one.delivery)
                await store.settle([town.delivered(one, owner)], [])
            await asyncio.sleep(0.005)

    await asyncio.wait_for(asyncio.gather(*(dispatch(owner) for owner in "abc")), 60)
    for lane in lanes:
        assert ids(d for d in handed_over if d.lane == lane) == ids(d for d in owed if d.lane == lane)


# --- settle ----------------------------------------------------------------------------------------------------------


async def test_a_settlement_writes_outcome_attempt_and_entry(store, desk, town, database):
    owed = await town.owe(database, 3)
    claimed = await claim(store, town, owed)
    entries = [town.entry("delivery.delivered", f"delivery:{d.id}") for d in owed]
    done = await store.settle([town.delivered(c, "a") for c in claimed], entries)
    assert list(done) == ids(owed)
    for delivery, entry in zip(owed, entries, strict=True):
        settled = await desk.get(delivery.id)
        assert (settled.state, settled.attempts, settled.answer) == (DeliveryState.DELIVERED, 1, "200 OK")
        assert (settled.digest, settled.size, settled.settled_at) == ("d" * 64, 100, town.later())
        assert await desk.attempts(delivery.id) == (town.attempt(delivery, Outcome.DELIVERED, answer="200 OK"),)
        assert await StoredAuditLog(database).about(f"delivery:{delivery.id}") == ((None, entry),)


async def test_a_failed_attempt_is_counted_and_due_again_later(store, desk, town, database):
    owed = await town.owe(database)
    (claimed,) = await claim(store, town, owed)
    attempt = town.attempt(claimed.delivery, Outcome.TRANSIENT, "http-503", "503")
    again = Settlement(owed[0].id, "a", DeliveryState.PENDING, town.later(2 * MINUTE), attempt, cause="http-503")
    assert await store.settle([again], []) == (owed[0].id,)
    pending = await desk.get(owed[0].id)
    assert (pending.state, pending.attempts, pending.cause) == (DeliveryState.PENDING, 1, "http-503")
    assert (pending.due_at, pending.settled_at) == (town.later(2 * MINUTE), None)
    assert await store.due(town.wait(), town.later(), 10) == ()
    assert len(await store.due(town.wait(), town.later(), 10)) == 1
    assert len(await claim(store, town, owed, "b")) == 1


async def test_a_fault_of_ours_counts_nothing_and_keeps_the_last_failure(store, desk, town, database):
    owed = await town.owe(database, attempts=2, cause="http-503", fault=Fault.PARTNER, answer="503")
    await claim(store, town, owed)
    await store.settle([Settlement(owed[0].id, "a", DeliveryState.PENDING, town.later(), attempt=None)], [])
    assert await desk.get(owed[0].id) == replace(owed[0], due_at=town.later())
    assert await desk.attempts(owed[0].id) == ()


async def test_a_dead_letter_tells_cause_and_fault(store, desk, town, database):
    owed = await town.owe(database)
    (claimed,) = await claim(store, town, owed)
    attempt = town.attempt(claimed.delivery, Outcome.PERMANENT, "http-400", "400")
    dead = Settlement(owed[0].id, "a", DeliveryState.DEAD, town.now, attempt, cause="http-400", fault=Fault.RECORD)
    await store.settle([dead], [])
    found = await desk.get(owed[0].id)
    assert (found.state, found.cause, found.fault) == (DeliveryState.DEAD, "http-400", Fault.RECORD)


async def test_a_settlement_by_an_owner_whose_lease_was_taken_over_changes_nothing(store, desk, town, database):
    owed = await town.owe(database, 2)
    late = await claim(store, town, owed, "late")
    town.wait()
    await store.release_expired(town.now)
    (taken,) = await claim(store, town, owed[:1], "quick")
    entries = [town.entry("delivery.delivered", f"delivery:{d.id}") for d in owed]
    assert await store.settle([town.delivered(c, "late") for c in late], entries) == ()
    assert await desk.get(owed[0].id) == taken.delivery
    assert (await desk.get(owed[1].id)).state is DeliveryState.PENDING
    for delivery in owed:
        assert await desk.attempts(delivery.id) == ()
        assert await StoredAuditLog(database).about(f"delivery:{delivery.id}") == ()
    assert await store.settle([town.delivered(taken, "quick")], []) == (owed[0].id,)


async def test_without_names_of_their_own_owners_would_settle_for_each_other(store, town, database):
    owed = await town.owe(database)
    late = await claim(store, town, owed, "same")
    town.wait()
    await store.release_expired(town.now)
    await claim(store, town, owed, "same")
    assert await store.settle([town.delivered(c, "same") for c in late], []) == (owed[0].id,)


async def test_in_a_group_only_those_that_are_still_held_are_settled(store, town, database):
    owed = await town.owe(database, 4)
    await claim(store, town, owed[::2])
    await claim(store, town, owed[1::2], "b")
    entries = [town.entry("delivery.delivered", f"delivery:{d.id}") for d in owed]
    assert set(await store.settle([town.delivered(d, "a") for d in owed], entries)) == set(ids(owed[::2]))
    written = await StoredAuditLog(database).unsequenced(10)
    assert {e.id for e in written} == {e.id for e in entries[::2]}


async def test_of_two_settlements_of_one_delivery_the_first_counts(store, desk, town, database):
    owed = await town.owe(database)
    (claimed,) = await claim(store, town, owed)
    twice = replace(town.delivered(claimed, "a"), state=DeliveryState.DEAD)
    assert await store.settle([town.delivered(claimed, "a"), twice], []) == (owed[0].id,)
    assert (await desk.get(owed[0].id)).state is DeliveryState.DELIVERED
    assert len(await desk.attempts(owed[0].id)) == 1


async def test_the_digest_of_the_first_attempt_stays(store, desk, town, database):
    owed = await town.owe(database)
    for digest in ("1" * 64, "2" * 64):
        (claimed,) = await claim(store, town, owed)
        attempt = town.attempt(claimed.delivery, Outcome.TRANSIENT, "timeout")
        again = Settlement(owed[0].id, "a", DeliveryState.PENDING, town.now, attempt, Digest(digest), 10, "timeout")
        await store.settle([again], [])
    found = await desk.get(owed[0].id)
    assert (found.digest, found.attempts) == ("1" * 64, 2)
    assert [a.number for a in await desk.attempts(owed[0].id)] == [1, 2]


async def test_a_group_of_five_hundred_is_settled_whole(store, town, database):
    owed = await town.owe(database, 500)
    claimed = await claim(store, town, owed)
    assert ids(c.delivery for c in claimed) == ids(owed)
    assert len(await store.settle([town.delivered(c, "a") for c in claimed], [])) == 500
    assert await claim(store, town, owed, "b") == ()


async def test_an_attempt_of_another_delivery_is_not_shown(store, desk, town, database):
    one, other = await town.owe(database, 2)
    (claimed,) = await claim(store, town, [one])
    await store.settle([town.delivered(claimed, "a")], [])
    assert [type(a) for a in await desk.attempts(one.id)] == [Attempt]
    assert await desk.attempts(other.id) == ()


# --- taken out -------------------------------------------------------------------------------------------------------


def parting(town, delivery, record):
    kept = {record: Decision(Withheld.PROTECTED_PERSON, "L08", "p")}
    return Parter(town.scribe, town.mint).part(DISPATCHER, delivery, kept, town.now)


async def test_a_record_that_is_taken_out_stays_in_a_delivery_of_its_own_and_the_rest_is_due_at_once(
    store, desk, town, database
):
    (owed,) = await town.owe(database, records=3, digest=Digest("d" * 64), size=9)
    (claimed,) = await claim(store, town, [owed])
    record = claimed.records[1][0]
    parted = parting(town, claimed.delivery, record)
    rest = Settlement(owed.id, "a", DeliveryState.PENDING, town.now, None, apart=parted.apart)
    assert await store.settle([replace(rest, owner="b")], [parted.entry]) == (), "somebody else has it"
    assert await store.settle([rest], [parted.entry]) == (owed.id,)
    left, own = await desk.get(owed.id), await desk.get(parted.apart[0].delivery.id)
    assert (left.state, left.records, left.digest, left.size) == (DeliveryState.PENDING, 2, None, None)
    assert (own.state, own.records, own.cause) == (DeliveryState.WITHHELD, 1, Withheld.PROTECTED_PERSON)
    (again,) = await claim(store, town, [owed], "b")
    assert [one for one, _ in again.records] == [one for one, _ in claimed.records if one != record]
    about = [await StoredAuditLog(database).about(f"delivery:{one.id}") for one in (left, own)]
    assert [entry.action for found in about for _, entry in found] == ["delivery.split", "delivery.withheld"]
    other = await StoredNotices(database).recall(owed.id, parting(town, left, record), town.now)
    assert not other, "it lies in no mailbox"


async def test_a_change_of_danger_is_found_until_it_is_sent_and_told_of_once(store, town, database):
    changes = StoredDangerChanges(database)
    marked = update(records).values(bearing="STATE danger-change")
    (owed,) = await town.owe(database)
    async with database.write() as connection:
        await connection.execute(marked)
    (one,) = await changes.unsent(town.now - MINUTE)
    assert (one.delivery, one.where, one.sender, await changes.waiting()) == (owed.id, "pending", INDIANA, frozenset())
    entries = [town.entry("deadline.near", f"record:{one.record}") for _ in range(2)]
    assert [await changes.alarm(one.record, "near", town.now, entry) for entry in entries] == [True, False]
    (claimed,) = await claim(store, town, [owed])
    await store.settle([town.delivered(claimed, "a")], [])
    assert await changes.unsent(town.now - MINUTE) == ()
    (record,) = await town.wait_for_batch(database, 1)
    async with database.write() as connection:
        await connection.execute(marked)
    assert [(one.record, one.where) for one in await changes.unsent(town.now - MINUTE)] == [(record, "gathering")]
    assert await changes.waiting() == {(OHIO, INDIANA, AGREEMENT)}


# --- gather ----------------------------------------------------------------------------------------------------------


async def gather(store, town, limit=100, *, by_case=False, **changes):
    delivery = town.delivery(**changes)
    entry = town.entry("delivery.created", f"delivery:{delivery.id}")
    who = (delivery.partner, delivery.sender, delivery.kind)
    return delivery, await store.gather(*who, delivery, limit, [entry], by_case=by_case)


async def test_waiting_records_are_gathered_oldest_first_into_numbered_deliveries(store, desk, town, database):
    waiting = await town.wait_for_batch(database, 5)
    first, taken = await gather(store, town, limit=3)
    second, rest = await gather(store, town)
    assert (taken, rest) == (3, 2)
    assert [(await desk.get(d.id)).number for d in (first, second)] == [1, 2]
    assert [(await desk.get(d.id)).records for d in (first, second)] == [3, 2]
    (claimed,) = await claim(store, town, [first])
    assert [id_ for id_, _ in claimed.records] == waiting[:3]
    assert len(await StoredAuditLog(database).about(f"delivery:{first.id}")) == 1


async def test_when_nothing_waits_no_delivery_is_made(store, desk, town, database):
    await town.wait_for_batch(database, 1, partner=TEXAS)
    delivery, taken = await gather(store, town)
    assert taken == 0
    assert await desk.get(delivery.id) is None
    assert await StoredAuditLog(database).unsequenced(10) == ()


async def test_records_under_another_agreement_wait_for_a_delivery_of_their_own(store, town, database):
    other = AgreementKey("locate-again")
    await town.wait_for_batch(database, 2)
    await town.wait_for_batch(database, 1, agreement=other)
    found = {g.agreement: (g.partner, g.sender, g.kind, g.count, g.oldest) for g in await store.gathering()}
    assert found == {
        AGREEMENT: (OHIO, INDIANA, LOCATE, 2, town.now),
        other: (OHIO, INDIANA, LOCATE, 1, town.now),
    }
    assert (await gather(store, town))[1] == 2
    assert [g.agreement for g in await store.gathering()] == [other]


@pytest.mark.parametrize("end", [DeliveryState.DELIVERED, DeliveryState.WITHDRAWN])
async def test_by_case_nothing_is_gathered_that_would_overtake_an_earlier_record_of_its_case(
    store, town, database, end
):
    first, second, third, other, caseless = await town.wait_for_batch(database, 5)
    async with database.write() as connection:
        for case, of in ((b"A" * 16, (first, second, third)), (b"B" * 16, (other,))):
            await connection.execute(update(records).where(records.c.id.in_(of)).values(case_index=case))
    batch, taken = await gather(store, town, limit=1, by_case=True)
    assert taken == 1
    assert [one.count for one in await store.gathering([OHIO])] == [2]
    assert [one.count for one in await store.gathering([TEXAS])] == [4], "of others everything may go"
    (claimed,) = await claim(store, town, [batch])
    assert [id_ for id_, _ in claimed.records] == [first]
    await store.settle([replace(town.delivered(claimed, "a"), state=DeliveryState.DEAD)], [])
    rest, taken = await gather(store, town, by_case=True)
    assert taken == 2
    (claimed,) = await claim(store, town, [rest])
    assert [id_ for id_, _ in claimed.records] == [other, caseless]
    assert await store.gathering([OHIO]) == ()
    assert (await gather(store, town, by_case=True))[1] == 0, "a dead letter holds its case, too"
    async with database.write() as connection:
        await connection.execute(update(deliveries).where(deliveries.c.id == batch.id).values(state=end.value))
    last, taken = await gather(store, town, by_case=True)
    assert taken == 2
    (claimed,) = await claim(store, town, [last])
    assert [id_ for id_, _ in claimed.records] == [second, third]


@pytest.mark.parametrize("by_case", [False, True])
async def test_gatherers_at_the_same_time_take_each_record_once_and_never_share_a_number(
    store, desk, town, database, by_case
):
    waiting = await town.wait_for_batch(database, 40)
    made = await asyncio.gather(*(gather(store, town, limit=15, by_case=by_case) for _ in range(4)))
    while (more := await gather(store, town, limit=15, by_case=by_case))[1]:
        made.append(more)
    assert sum(taken for _, taken in made) == len(waiting)
    async with database.read() as connection:
        assert None not in list(await connection.scalars(select(items.c.delivery)))
    numbers = [(await desk.get(delivery.id)).number for delivery, taken in made if taken]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
