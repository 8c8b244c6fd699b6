"""API keys: found while they live, two for each partner, never more."""

import asyncio
from dataclasses import replace

import pytest

import gateway.store.callers as callers_module
from gateway.core.errors import Conflict
from gateway.core.model import PartnerKey, Principal
from gateway.core.ports.accounts import ApiKey
from gateway.store.audit import StoredAuditLog
from gateway.store.callers import StoredApiKeys
from tests.contract.owed import OHIO, TEXAS, Town


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database, town):
    return StoredApiKeys(database, town.clock)


def api_key(town, id_, partner: PartnerKey | None = OHIO, operator=None, expires_at=None):
    principal = Principal(id_, frozenset({"submit", "mailbox"}), partner, operator)
    return ApiKey(id_, b"digest of " + id_.encode(), principal=principal, created_at=town.now, expires_at=expires_at)


async def add(store, town, key):
    await store.add(key, town.entry("apikey.added", f"apikey:{key.id}"))
    return key


async def revoke(store, town, id_):
    return await store.revoke(id_, town.entry("apikey.revoked", f"apikey:{id_}"))


async def test_a_key_comes_back_as_it_was_added(store, town):
    key = await add(store, town, api_key(town, "k1", expires_at=town.later()))
    assert await store.find("k1") == key
    assert await store.find("k2") is None


async def test_an_operators_key_comes_back_without_a_partner(store, town):
    keys = [await add(store, town, api_key(town, f"k{n}", None, "pat")) for n in range(3)]
    assert await store.find("k0") == keys[0]


async def test_a_revoked_key_is_not_found_and_is_revoked_once(store, town, database):
    await add(store, town, api_key(town, "k1"))
    assert await revoke(store, town, "k1")
    assert await store.find("k1") is None
    assert not await revoke(store, town, "k1")
    about = await StoredAuditLog(database).about("apikey:k1")
    assert [entry.action for _, entry in about] == ["apikey.added", "apikey.revoked"]


async def test_an_expired_key_is_not_found(store, town):
    await add(store, town, api_key(town, "k1", expires_at=town.later()))
    town.wait()
    assert await store.find("k1") is None


async def test_a_third_live_key_of_a_partner_is_refused_and_leaves_no_entry(store, town, database):
    for id_ in ("k1", "k2"):
        await add(store, town, api_key(town, id_))
    with pytest.raises(Conflict):
        await add(store, town, api_key(town, "k3"))
    assert await store.find("k3") is None
    assert await StoredAuditLog(database).about("apikey:k3") == ()
    await add(store, town, api_key(town, "k4", TEXAS))


async def test_without_the_limit_a_third_key_would_live(store, town, monkeypatch):
    monkeypatch.setattr(callers_module, "LIVE_KEYS", 99)
    keys = [await add(store, town, api_key(town, f"k{n}")) for n in range(3)]
    assert await store.list(OHIO) == tuple(keys)


async def test_a_revoked_or_expired_key_makes_room_for_another(store, town):
    await add(store, town, api_key(town, "k1"))
    await add(store, town, api_key(town, "k2", expires_at=town.later()))
    await revoke(store, town, "k1")
    await add(store, town, api_key(town, "k3"))
    town.wait()
    await add(store, town, api_key(town, "k4"))
    with pytest.raises(Conflict):
        await add(store, town, api_key(town, "k5"))


async def test_of_keys_added_at_the_same_time_only_two_live(store, town):
    results = await asyncio.gather(
        *(add(store, town, api_key(town, f"k{n}")) for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert len(await store.list(OHIO)) == 2


async def test_an_id_is_used_once(store, town):
    await add(store, town, api_key(town, "k1"))
    await revoke(store, town, "k1")
    with pytest.raises(Conflict):
        await add(store, town, api_key(town, "k1", TEXAS))


async def test_the_list_shows_keys_that_are_not_revoked_oldest_first(store, town):
    first = await add(store, town, api_key(town, "k9"))
    town.wait()
    second = await add(store, town, api_key(town, "k1"))
    texan = await add(store, town, api_key(town, "k5", TEXAS))
    await add(store, town, api_key(town, "k6", TEXAS))
    await revoke(store, town, "k6")
    assert await store.list(OHIO) == (first, second)
    assert set(await store.list(None)) == {first, second, texan}


def test_neither_digest_nor_token_is_printed():
    assert "digest of" not in repr(api_key(Town(), "k1"))


async def test_a_digest_under_another_pepper_takes_the_place_of_the_one_it_was_made_from(store, town):
    old = await add(store, town, api_key(town, "k1"))
    new = replace(old, digest=b"another", pepper="token-pepper:api-keys:2026-03:2")
    await add(store, town, api_key(town, "k2", expires_at=town.later()))
    assert await store.peppered() == {None: 2}
    await store.renew(old, new)
    await store.renew(old, replace(old, digest=b"late"))
    assert await store.find("k1") == new
    town.wait()
    assert await store.peppered() == {new.pepper: 1}
