"""The pepper of API keys is replaced while callers go on, and ends when no live key is stored under it."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.errors import Conflict, Unavailable
from gateway.core.model import Actor, PartnerKey
from gateway.core.unproven import Unproven
from gateway.key_rounds import COOLED, Ending
from gateway.key_rows import KeyRows
from gateway.web.auth import Doorkeeper, Owner, Scope, new_api_key
from keys.digests import PepperHasher
from keys.files import FileKeys
from keys.ring import KeyRing
from keys.states import KeyState, KeyUse
from tests.unit.work_site import MORNING, open_site

PEPPER = KeyUse.TOKEN_PEPPER, "api-keys"
OWNER = Owner(frozenset({Scope.READ}), PartnerKey("ohio"))


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


async def issued(site, hasher=None):
    fresh = new_api_key(OWNER, site.clock, os.urandom, hasher or site.keys.hasher())
    await site.stores.callers.add(
        fresh.stored, site.scribe.entry(Actor("operator", "one"), "apikey.added", "partner:ohio")
    )
    return fresh


def guessed(fresh):
    """A token of the same id with another secret."""
    known = bytes.fromhex(fresh.stored.id)
    return new_api_key(OWNER, lambda: MORNING, lambda n: known if n == len(known) else os.urandom(n), Plain()).token


class Plain:
    """Stands in where no pepper is needed."""

    current = "token-pepper:api-keys:2026-03:1"

    def digest(self, token, _pepper=None):
        return token.encode()


def door(site, hasher=None):
    return Doorkeeper(site.stores.callers, hasher or site.keys.hasher(), site.clock, timedelta(seconds=10))


def ending(site):
    rows = KeyRows(site.keys, site.stores.sealed, site.stores.callers, site.stores.indexed)
    return Ending(site.keys, rows, site.stores.extracts, site.stores.audit, site.scribe, site.clock)


def old_pepper(site):
    return site.keys.ring.found(*PEPPER, KeyState.DECRYPT_ONLY).facts.id


async def test_a_caller_is_known_through_a_rotation_of_the_pepper_and_its_digest_made_anew(site):
    fresh = await issued(site)
    doors = door(site), door(site)
    bearer = f"Bearer {fresh.token}"
    await doors[0].identify(bearer)
    new = site.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER).id
    assert await site.stores.callers.peppered() == {old_pepper(site): 1}
    for one in (*doors, *doors):
        assert (await one.identify(bearer)).partner == "ohio"
        with pytest.raises(Unproven):
            await one.identify(f"Bearer {guessed(fresh)}")
    assert await site.stores.callers.peppered() == {new: 1}
    assert (await issued(site)).stored.pepper == new


async def test_control_under_the_new_pepper_alone_everybody_is_locked_out(site):
    fresh = await issued(site)
    site.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER)
    alone = PepperHasher(KeyRing(tuple(key for key in site.keys.ring.keys if key.facts.state is KeyState.ACTIVE)))
    with pytest.raises(Unavailable):
        await door(site, alone).identify(f"Bearer {fresh.token}")


async def test_a_digest_that_names_no_pepper_is_the_first_ones(site):
    fresh = await issued(site)
    await site.stores.callers.renew(fresh.stored, replace(fresh.stored, pepper=None))
    site.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER)
    assert (await KeyRows(site.keys, site.stores.sealed, site.stores.callers, site.stores.indexed).counts())[
        old_pepper(site)
    ] == 1
    await door(site).identify(f"Bearer {fresh.token}")
    assert await site.stores.callers.peppered() == {site.keys.ring.active(*PEPPER).facts.id: 1}


async def test_a_pepper_that_a_live_key_is_under_is_not_destroyed(site):
    fresh = await issued(site)
    site.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER)
    site.now += COOLED
    with pytest.raises(Conflict, match="1 live API keys") as caught:
        await ending(site).check(old_pepper(site))
    assert caught.value.problem == "key-in-use"
    await door(site).identify(f"Bearer {fresh.token}")
    await ending(site).check(old_pepper(site))


async def test_another_process_hashes_with_the_pepper_of_now(site, tmp_path):
    other = FileKeys.load(tmp_path / "keys", None, clock=site.clock, random=os.urandom)
    hasher = other.hasher()
    fresh = await issued(site, hasher)
    new = site.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER).id
    assert hasher.current == new
    await door(site, hasher).identify(f"Bearer {fresh.token}")
    assert await site.stores.callers.peppered() == {new: 1}
