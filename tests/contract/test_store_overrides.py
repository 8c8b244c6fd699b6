"""Orders of courts on both databases: entered with a permission, used up once, known by the register's revision."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from gateway.core.apart import Parter
from gateway.core.disclosure import Decision, Override, Way, Withheld
from gateway.core.four_eyes import Act, Request, State
from gateway.core.model import Actor, DeliveryState, PartnerKey, RecordId, RecordState, Settlement
from gateway.core.people import Renewal, packed
from gateway.core.ports.approvals import Spent
from gateway.core.ports.overrides import Kept
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.store.deliveries import StoredDeliveries
from gateway.store.indexed import StoredIndexed
from gateway.store.insertion import Insertion
from gateway.store.overrides import StoredOverrides
from gateway.store.protection import StoredNotices
from gateway.store.rows import record_row
from gateway.store.tables import approvals, deliveries, items, records
from tests.contract.owed import Town, ids

KIM = Actor("operator", "kim")
JANE, OTHER = b"j" * 16, b"o" * 16


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database):
    return StoredOverrides(database)


def order_of(town, **changes):
    plain = Override(
        id=town.mint(),
        request=RecordId("request-1"),
        person=JANE,
        court="39-CP-0001",
        recipient=PartnerKey("ohio"),
        ordered_on=date(2026, 3, 1),
        expires_on=date(2026, 3, 9),
        requested_by="operator:pat",
        approved_by="operator:kim",
    )
    return replace(plain, **changes)


async def entered(store, town, database, state=State.APPROVED, **changes):
    """Whether the order is written, and the order."""
    order, asked = order_of(town, **changes), town.mint()
    request = Request(
        id=asked,
        act=Act.OVERRIDE,
        object=f"record:{order.request}",
        terms={},
        reason="order",
        asked_by="operator:pat",
        asked_at=town.now,
        expires_at=town.later(timedelta(hours=24)),
    )
    await StoredApprovals(database).ask(request, town.entry("approval.asked", f"approval:{asked}"))
    if state is State.APPROVED:
        async with database.write() as connection:
            await connection.execute(update(approvals).values(state=state.value))
    entry = town.entry("override.entered", f"record:{order.request}")
    return await store.enter(order, asked, Spent(KIM, town.now), [entry]), order, asked


async def claimed(town, database, count=1):
    deliveries = await town.owe(database, count, state=DeliveryState.CLAIMED)
    return [Way(one, RecordId(f"answer-of-{one}")) for one in ids(deliveries)]


async def spend(store, town, order, way):
    return await store.spend([order], way, town.now, [town.entry("override.used", f"delivery:{way.delivery}")])


async def test_an_order_is_written_with_the_permission_that_it_spends_or_not_at_all(store, town, database):
    done, order, asked = await entered(store, town, database)
    assert done
    assert await store.list(10) == (order,)
    assert (await StoredApprovals(database).get(asked)).state is State.USED
    again = town.entry("override.entered", "record:request-1")
    assert not await store.enter(order_of(town), asked, Spent(KIM, town.now), [again]), "once"
    done, _, _ = await entered(store, town, database, state=State.ASKED)
    assert (done, await store.list(10)) == (False, (order,))
    assert len(await StoredAuditLog(database).about("record:request-1")) == 1


async def test_of_many_who_use_an_order_at_once_one_does_and_may_again(store, town, database):
    _, order, _ = await entered(store, town, database)
    ways = await claimed(town, database, 4)
    found = await asyncio.gather(*(spend(store, town, order, way) for way in ways))
    assert sorted(found) == [False, False, False, True]
    way = ways[found.index(True)]
    assert await spend(store, town, order, way), "its next attempt"
    assert not await spend(store, town, order, Way(way.delivery, RecordId("another")))
    assert (await store.get(order.id),) == await store.used_by(way.delivery) == (replace(order, used=way),)
    assert await store.used_for(way.record) == (replace(order, used=way),)
    told = [await StoredAuditLog(database).about(f"delivery:{one.delivery}") for one in ways]
    assert sorted(map(len, told)) == [0, 0, 0, 1]


@pytest.mark.parametrize("days", [-2, 8])
async def test_an_order_is_not_used_outside_of_its_days_nor_for_what_is_not_under_way(store, town, database, days):
    _, order, _ = await entered(store, town, database)
    (way,) = await claimed(town, database)
    now = town.now
    town.wait(timedelta(days=days))
    assert not await spend(store, town, order, way)
    town.now = now
    (pending,) = await town.owe(database, 1)
    assert not await spend(store, town, order, Way(pending.id, way.record))
    assert await spend(store, town, order, way), "the control"


async def test_two_orders_about_one_record_are_used_up_together_or_not_at_all(store, town, database):
    orders = [(await entered(store, town, database, person=one))[1] for one in (JANE, OTHER)]
    way, another = await claimed(town, database, 2)
    assert await spend(store, town, orders[0], another)
    entries = [town.entry("override.used", f"delivery:{way.delivery}") for _ in orders]
    assert not await store.spend(orders, way, town.now, entries)
    assert await store.used_by(way.delivery) == ()
    third = (await entered(store, town, database))[1]
    assert await store.spend([third, orders[1]], way, town.now, entries)
    assert await store.spend([third, orders[1]], way, town.now, entries), "its next attempt"
    assert {one.id for one in await store.used_by(way.delivery)} == {third.id, orders[1].id}
    assert len(await StoredAuditLog(database).about(f"delivery:{way.delivery}")) == 2


async def test_an_order_goes_with_the_record_that_is_taken_out_of_its_delivery(store, town, database):
    orders = [(await entered(store, town, database, person=one))[1] for one in (JANE, OTHER)]
    (owed,) = await town.owe(database, records=2)
    claiming = StoredDeliveries(database)
    await claiming.claim([owed.id], "a", town.now, town.later(timedelta(minutes=1)))
    first, second = [RecordId(one) for one in await carried(database, owed)]
    for order, record in zip(orders, (first, second), strict=True):
        assert await spend(store, town, order, Way(owed.id, record))
    before = await StoredNotices(database).revision()
    kept = {second: Decision(Withheld.PROTECTED_PERSON, "L08", "p")}
    parted = Parter(town.scribe, town.mint).part(Actor("gateway", "dispatcher"), owed, kept, town.now)
    rest = Settlement(owed.id, "a", DeliveryState.PENDING, town.now, None, apart=parted.apart)
    assert await claiming.settle([rest], [parted.entry]) == (owed.id,)
    own = parted.apart[0].delivery.id
    moved = replace(orders[1], used=Way(own, second))
    assert await store.used_by(owed.id) == (replace(orders[0], used=Way(owed.id, first)),), "the other one stays"
    assert await store.used_by(own) == await store.since(before) == (moved,), "and whoever has it in memory learns"
    assert (await store.counts(town.now.date()))["undelivered"] == 1


async def carried(database, delivery):
    async with database.read() as connection:
        return list(await connection.scalars(select(items.c.record).where(items.c.delivery == delivery.id)))


async def test_a_delivery_that_came_to_nothing_is_told_once_for_its_order(store, town, database):
    _, order, _ = await entered(store, town, database)
    await entered(store, town, database)
    (way,) = await claimed(town, database)
    await spend(store, town, order, way)

    def told(one, state):
        details = {"order": one.id}
        return town.scribe.entry(KIM, "override.undelivered", f"delivery:{one.used.delivery}", state.value, details)

    async def standing():
        counts = await store.counts(town.now.date())
        return {name: count for name, count in counts.items() if count}

    assert await store.tell_undelivered(told) == ()
    assert await standing() == {"open": 1, "leaving": 1}
    for state, stands in (("delivered", "used"), ("withdrawn", "withdrawn"), ("dead", "undelivered")):
        async with database.write() as connection:
            await connection.execute(update(deliveries).where(deliveries.c.id == way.delivery).values(state=state))
        assert await store.states([way.delivery]) == {way.delivery: state}
        assert await standing() == {"open": 1, stands: 1}
    assert [one.id for one in await store.tell_undelivered(told)] == [order.id]
    assert await store.tell_undelivered(told) == (), "once"
    assert await store.states([]) == {}
    (entry,) = [e for _, e in await StoredAuditLog(database).about(f"delivery:{way.delivery}") if e.outcome == "dead"]
    assert entry.action == "override.undelivered"
    town.wait(timedelta(days=30))
    assert await standing() == {"expired": 2}, "nothing can go by either any more"


async def test_what_was_entered_or_used_is_newer_than_what_a_process_knows(store, town, database):
    notices = StoredNotices(database)
    _, order, _ = await entered(store, town, database)
    known = await notices.revision()
    assert (await store.since(0), await store.since(known)) == ((order,), ())
    (way,) = await claimed(town, database)
    await spend(store, town, order, way)
    assert await notices.revision() > known
    assert await store.since(known) == (replace(order, used=way),)


async def test_an_order_is_about_the_same_person_under_another_index_key(store, town, database):
    _, order, _ = await entered(store, town, database)
    known = await StoredNotices(database).revision()
    await StoredIndexed(database).renew([Renewal("key-2", persons=((OTHER, b"x" * 16), (JANE, b"y" * 16)))])
    assert await store.since(known) == (replace(order, person=b"y" * 16),)


async def test_what_is_kept_because_of_a_person_is_found(store, town, database):
    danger = {"state": RecordState.WITHHELD, "reason": str(Withheld.PROTECTED_PERSON)}
    hers = town.record(**danger, persons=packed([OTHER, JANE]))
    others = [
        town.record(**danger, persons=OTHER),
        town.record(**danger, persons=b"o" * 8 + JANE + b"o" * 8),
        town.record(state=RecordState.WITHHELD, reason=str(Withheld.PROGRAM), persons=JANE),
        town.record(persons=JANE),
    ]
    async with database.write() as connection:
        await Insertion(records).write(connection, [record_row(one) for one in (hers, *others)])
    (held, _) = await town.owe(database, 2, state=DeliveryState.HELD, cause=str(Withheld.PROTECTED_PERSON))
    async with database.write() as connection:
        carried = select(items.c.record).where(items.c.delivery == held.id)
        await connection.execute(update(records).where(records.c.id.in_(carried)).values(persons=JANE))
    by_id = await store.kept(order_of(town, person=b"n" * 16, request=others[0].id))
    assert (by_id.records, by_id.deliveries) == ((others[0].id,), ()), "somebody without a number: the record itself"
    kept = await store.kept(order_of(town))
    assert (kept.records, kept.deliveries) == ((hers.id,), (held.id,))
    assert await store.kept(order_of(town, person=b"n" * 16)) == Kept((), ())
