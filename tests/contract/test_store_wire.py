"""The register of wire keys and the kept payloads, on every database."""

from datetime import timedelta

import pytest

from gateway.core.errors import Conflict
from gateway.core.model import Actor, DeliveryId, Digest
from gateway.core.ports.wire_keys import Challenge, Payload, StoredKey
from gateway.core.protection import GATEWAY, Algorithm, Material, Stage, Use, WireKey
from gateway.store.audit import StoredAuditLog
from gateway.store.partners import StoredPartners
from gateway.store.wire_keys import StoredWireKeys, object_of
from gateway.store.wire_payloads import StoredPayloads
from tests.contract.owed import Town

PAT = Actor("operator", "pat")


@pytest.fixture
def town():
    return Town()


def key(town, id_="a", owner="ohio", sealed=None):
    material = Material(id_, Algorithm.P256, b"public", b"certificate", town.clock() + timedelta(days=90))
    return StoredKey(WireKey(owner, Use.ENCRYPT, material, Stage.PENDING, town.clock()), sealed)


def entry(town, action, id_="a", owner="ohio"):
    return town.scribe.entry(PAT, action, object_of(owner, id_))


async def test_a_key_comes_back_as_it_was_added_and_once(database, town):
    keys, version = StoredWireKeys(database), StoredPartners(database, town.clock).version
    before = await version()
    one = key(town, owner=GATEWAY, sealed=b"sealed")
    added = entry(town, "wirekey.added", owner=GATEWAY)
    assert await keys.add([one], [added]) == 1
    assert await keys.add([one], [entry(town, "wirekey.added", owner=GATEWAY)]) == 0
    assert await keys.all() == (one,)
    assert await version() == before + 1
    assert [found.id for _, found in await StoredAuditLog(database).about("wirekey:gateway:a")] == [added.id]


async def test_a_third_living_key_undoes_the_whole_step(database, town):
    keys = StoredWireKeys(database)
    await keys.add([key(town, "a"), key(town, "b")], [])
    with pytest.raises(Conflict):
        await keys.add([key(town, "x", owner="texas"), key(town, "c")], [])
    assert [one.key.id for one in await keys.all()] == ["a", "b"]
    await keys.retire("ohio", "a", town.clock(), entry(town, "wirekey.retired"))
    assert await keys.add([key(town, "c")], []) == 1


async def test_the_life_of_a_key(database, town):
    keys = StoredWireKeys(database)
    await keys.add([key(town, sealed=b"sealed")], [])
    test = Challenge(b"digest", town.clock() + timedelta(days=7))
    assert await keys.ask("ohio", "a", test, entry(town, "wirekey.tested"))
    assert await keys.asked("ohio", "a") == test
    assert await keys.confirm("ohio", "a", town.clock(), entry(town, "wirekey.confirmed"))
    assert await keys.asked("ohio", "a") is None
    assert not await keys.confirm("ohio", "a", town.clock(), entry(town, "wirekey.confirmed"))
    assert not await keys.ask("ohio", "a", test, entry(town, "wirekey.tested"))
    assert await keys.retire("ohio", "a", town.clock(), entry(town, "wirekey.retired"))
    assert not await keys.retire("ohio", "a", town.clock(), entry(town, "wirekey.retired"))
    [gone] = await keys.all()
    assert (gone.key.stage, gone.sealed) == (Stage.RETIRED, None)
    actions = [found.action for _, found in await StoredAuditLog(database).about("wirekey:ohio:a")]
    assert actions == ["wirekey.tested", "wirekey.confirmed", "wirekey.retired"]


def payload(delivery, digest="d-1"):
    return Payload(DeliveryId(delivery), "a", Digest("inner"), Digest(digest), 4, "application/jose", ".jwe", b"body")


async def test_the_first_payload_stays_until_it_is_replaced_by_name(database):
    payloads = StoredPayloads(database)
    assert await payloads.kept(DeliveryId("d")) is None
    first, second = payload("d"), payload("d", "d-2")
    assert await payloads.keep(first) == first
    assert await payloads.keep(second) == first
    assert await payloads.keep(second, Digest("other")) == first
    assert await payloads.keep(second, Digest("d-1")) == second
    assert await payloads.kept(DeliveryId("d")) == second


async def test_payloads_of_deliveries_that_were_taken_lose_their_bytes(database):
    payloads = StoredPayloads(database)
    await payloads.keep(payload("nobody's"))
    assert await payloads.forget() == 0
    assert (await payloads.kept(DeliveryId("nobody's"))).sealed == b"body"
