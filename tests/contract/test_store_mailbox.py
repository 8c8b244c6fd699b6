"""Parcels for partners that pull: placed once, leased to one reader, gone after the acknowledgement."""

import asyncio

import pytest
from sqlalchemy import true

import gateway.store.mailbox as mailbox_module
from gateway.core.model import DeliveryState, Digest
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.mailbox import StoredMailbox
from tests.contract.owed import MINUTE, OHIO, TEXAS, Town, ids

DIGEST = Digest("a" * 64)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def mailbox(database):
    return StoredMailbox(database)


async def place(mailbox, town, delivery, sealed=b"sealed", digest=DIGEST):
    await mailbox.place(
        delivery.id, delivery.partner, f"{delivery.id}.xml", "application/xml", digest, 6, sealed, town.now
    )


async def placed(mailbox, town, database, count=1, partner=OHIO):
    waiting = await town.owe(database, count, partner, state=DeliveryState.WAITING)
    for delivery in waiting:
        await place(mailbox, town, delivery)
        town.wait()
    return waiting


async def test_a_parcel_is_fetched_as_it_was_placed(mailbox, town, database):
    (delivery,) = await placed(mailbox, town, database)
    item, sealed = await mailbox.fetch(OHIO, delivery.id)
    assert sealed == b"sealed"
    assert (item.delivery, item.partner, item.name) == (delivery.id, OHIO, f"{delivery.id}.xml")
    assert (item.media_type, item.digest, item.size) == ("application/xml", DIGEST, 6)
    assert (item.placed_at, item.leased_until) == (delivery.created_at, None)


async def test_nobody_sees_another_partners_parcel(mailbox, town, database):
    (delivery,) = await placed(mailbox, town, database)
    assert await mailbox.fetch(TEXAS, delivery.id) is None
    assert await mailbox.lease(TEXAS, 10, town.now, town.later()) == ()


async def test_parcels_are_leased_oldest_first_to_one_reader_until_the_lease_ends(mailbox, town, database):
    waiting = await placed(mailbox, town, database, 3)
    leased = await mailbox.lease(OHIO, 2, town.now, town.later())
    assert [item.delivery for item in leased] == ids(waiting[:2])
    assert {item.leased_until for item in leased} == {town.later()}
    assert [i.delivery for i in await mailbox.lease(OHIO, 5, town.now, town.later())] == ids(waiting[2:])
    assert await mailbox.lease(OHIO, 5, town.now, town.later()) == ()
    town.wait()
    assert [i.delivery for i in await mailbox.lease(OHIO, 5, town.now, town.later())] == ids(waiting)


async def test_readers_at_the_same_time_lease_each_parcel_once(mailbox, town, database):
    waiting = await placed(mailbox, town, database, 12)
    found = await asyncio.gather(*(mailbox.lease(OHIO, 5, town.now, town.later()) for _ in range(3)))
    leased = [item.delivery for some in found for item in some]
    assert len(leased) == len(set(leased))
    rest = await mailbox.lease(OHIO, 20, town.now, town.later())
    assert {*leased, *(item.delivery for item in rest)} == set(ids(waiting))


async def test_placing_again_changes_nothing(mailbox, town, database):
    (delivery,) = await placed(mailbox, town, database)
    first = await mailbox.fetch(OHIO, delivery.id)
    await place(mailbox, town, delivery, b"sealed anew")
    assert await mailbox.fetch(OHIO, delivery.id) == first


async def test_what_the_partner_acknowledged_is_gone_and_a_late_repeat_does_not_bring_it_back(mailbox, town, database):
    (delivery,) = await placed(mailbox, town, database)
    acknowledged = town.entry("delivery.acknowledged", f"delivery:{delivery.id}")
    assert await StoredDesk(database).acknowledge(
        delivery.id, OHIO, accepted=True, reason="", now=town.now, entry=acknowledged
    )
    assert await mailbox.fetch(OHIO, delivery.id) is None
    assert await mailbox.lease(OHIO, 10, town.now, town.later()) == ()
    await place(mailbox, town, delivery)
    assert await mailbox.fetch(OHIO, delivery.id) is None


async def test_a_parcel_is_not_seen_before_its_delivery_is_settled_nor_after_it_is_dead(mailbox, town, database):
    for state in DeliveryState:
        (delivery,) = await town.owe(database, state=state)
        await place(mailbox, town, delivery)
        assert (await mailbox.fetch(OHIO, delivery.id) is not None) is (state is DeliveryState.WAITING)
    assert len(await mailbox.lease(OHIO, 10, town.now, town.later())) == 1


async def test_a_word_on_a_parcel_empties_it_at_once_so_that_the_same_bytes_can_be_placed_anew(mailbox, town, database):
    """Emptied afterwards, one that was sent again meanwhile would wait for its partner with nothing in it, for good."""
    (delivery,) = await placed(mailbox, town, database)
    desk, store = StoredDesk(database), StoredDeliveries(database)
    await mailbox.lease(OHIO, 1, town.now, town.later(60 * MINUTE))
    rejected = town.entry("delivery.rejected", f"delivery:{delivery.id}")
    await desk.acknowledge(delivery.id, OHIO, accepted=False, reason="no", now=town.now, entry=rejected)
    await desk.retry(delivery.id, town.now, town.entry("delivery.retried", f"delivery:{delivery.id}"))
    (claimed,) = await store.claim([delivery.id], "a", town.now, town.later())
    await place(mailbox, town, claimed.delivery, b"sealed anew")
    waiting = town.delivered(claimed, "a")
    await store.settle([type(waiting)(waiting.delivery, "a", DeliveryState.WAITING, town.now, waiting.attempt)], [])
    (item,) = await mailbox.lease(OHIO, 1, town.now, town.later())
    assert await mailbox.fetch(OHIO, delivery.id) == (item, b"sealed anew")


async def test_without_that_guard_a_parcel_of_a_dead_delivery_could_be_fetched(mailbox, town, database, monkeypatch):
    monkeypatch.setattr(mailbox_module, "_offered", true)
    (delivery,) = await town.owe(database, state=DeliveryState.DEAD)
    await place(mailbox, town, delivery)
    assert await mailbox.fetch(OHIO, delivery.id) is not None


async def test_a_rejected_parcel_is_placed_anew_when_an_operator_sends_it_again(mailbox, town, database):
    (delivery,) = await placed(mailbox, town, database)
    desk, store = StoredDesk(database), StoredDeliveries(database)
    rejected = town.entry("delivery.rejected", f"delivery:{delivery.id}")
    await desk.acknowledge(delivery.id, OHIO, accepted=False, reason="no", now=town.now, entry=rejected)
    await desk.retry(delivery.id, town.now, town.entry("delivery.retried", f"delivery:{delivery.id}"))
    (claimed,) = await store.claim([delivery.id], "a", town.now, town.later())
    await place(mailbox, town, claimed.delivery, b"sealed anew", Digest("b" * 64))
    assert await mailbox.fetch(OHIO, delivery.id) is None
    waiting = town.delivered(claimed, "a")
    await store.settle([type(waiting)(waiting.delivery, "a", DeliveryState.WAITING, town.now, waiting.attempt)], [])
    item, sealed = await mailbox.fetch(OHIO, delivery.id)
    assert (sealed, item.digest, item.placed_at) == (b"sealed anew", "b" * 64, town.now)
