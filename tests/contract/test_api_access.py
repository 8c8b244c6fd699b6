"""Callers at the door: keys, what refusals tell, how often they are written down, and rates."""

from __future__ import annotations

import os
import string
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Unauthenticated, Unavailable
from gateway.core.ids import minting
from gateway.core.model import Actor, PartnerKey
from gateway.web.auth import Doorkeeper, Owner, Scope, key_id_of, new_api_key
from gateway.web.limits import Buckets, Limits
from gateway.web.problems import RateExceeded
from gateway.web.refusals import Refusals
from tests.contract.api_stack import TANF, Watch, running

READ = frozenset({Scope.READ})


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


class PlainHasher:
    """Stands in where no pepper is needed: reversible, so that a test can see what was hashed."""

    current = "token-pepper:api-keys:2026-03:1"

    def digest(self, token: str, _pepper: str | None = None) -> bytes:
        return token.encode()[::-1]


def fresh_key(watch=None, **changes):
    return new_api_key(replace(Owner(READ, partner=TANF), **changes), watch or Watch(), os.urandom, PlainHasher())


class CountingKeys:
    """An embedded store of keys that counts how often it is asked."""

    def __init__(self, *keys) -> None:
        self._keys = {key.id: key for key in keys}
        self.asked = 0

    async def find(self, key_id):
        self.asked += 1
        return self._keys.get(key_id)

    def revoke(self, key_id) -> None:
        del self._keys[key_id]


def doorkeeper(keys, watch):
    return Doorkeeper(keys, PlainHasher(), watch, timedelta(seconds=10))


async def test_all_refusals_look_the_same(stack):
    token = stack.tokens["ohio"]
    other = fresh_key().token
    for wrong in (None, "", "Basic abc", f"Bearer {token}x", f"Bearer {other}", "Bearer gwk_", "Bearer " + "x" * 5000):
        headers = {} if wrong is None else {"Authorization": wrong}
        answer = await stack.call(None, "GET", "/v1/submissions", **headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="gateway"'
        assert answer.json | {"instance": ""} == {
            "type": "/problems/unauthenticated",
            "title": "The caller is not known",
            "status": 401,
            "detail": "The caller is not known",
            "code": "unauthenticated",
            "instance": "",
        }


@given(st.binary(min_size=40, max_size=40))
def test_a_key_is_found_again_in_its_header_and_its_store_row_does_not_hold_it(entropy):
    stream = iter([entropy[:8], entropy[8:]])
    made = new_api_key(Owner(READ, partner=TANF), Watch(), lambda _size: next(stream), PlainHasher())
    assert key_id_of(f"Bearer {made.token}") == (made.stored.id, made.token)
    assert key_id_of(f"bearer  {made.token} ") == (made.stored.id, made.token)
    assert made.token not in repr(made)
    assert str(made.stored.digest) not in repr(made)


TOKEN = fresh_key().token
"""One for all examples: what is drawn depends on it."""


@given(st.data())
def test_one_wrong_character_is_noticed_without_a_query(data):
    token = TOKEN
    place = data.draw(st.integers(4, len(token) - 1))
    letters = st.sampled_from(string.ascii_lowercase + string.digits).filter(lambda c: c != token[place])
    assert key_id_of(f"Bearer {token[:place]}{data.draw(letters)}{token[place + 1 :]}") is None


@pytest.mark.parametrize(
    "owner",
    [
        {"scopes": READ},
        {"scopes": READ, "partner": TANF, "operator": "pat"},
        {"scopes": frozenset(), "partner": TANF},
        {"scopes": frozenset({Scope.OPERATE}), "partner": TANF},
        {"scopes": frozenset({Scope.SUBMIT}), "operator": "pat"},
        {"scopes": frozenset({Scope.PUBLIC}), "partner": TANF},
    ],
)
def test_a_key_for_nobody_or_with_scopes_of_somebody_else_is_not_made(owner):
    with pytest.raises(ValueError, match="key"):
        Owner(**owner)


async def test_a_known_caller_costs_no_query_for_ten_seconds():
    watch = Watch()
    key = fresh_key(watch)
    keys = CountingKeys(key.stored)
    door = doorkeeper(keys, watch)
    for _ in range(5):
        assert (await door.identify(f"Bearer {key.token}")).partner == TANF
    assert keys.asked == 1
    watch.forward(10)
    await door.identify(f"Bearer {key.token}")
    assert keys.asked == 2


async def test_a_revoked_key_stops_within_ten_seconds_and_an_expired_one_at_once():
    watch = Watch()
    key = fresh_key(watch, lifetime=timedelta(seconds=15))
    keys = CountingKeys(key.stored)
    door = doorkeeper(keys, watch)
    await door.identify(f"Bearer {key.token}")
    keys.revoke(key.stored.id)
    watch.forward(9.9)
    await door.identify(f"Bearer {key.token}")
    watch.forward(0.1)
    with pytest.raises(Unauthenticated):
        await door.identify(f"Bearer {key.token}")
    late = fresh_key(watch, lifetime=timedelta(seconds=5))
    keys = CountingKeys(late.stored)
    door = doorkeeper(keys, watch)
    await door.identify(f"Bearer {late.token}")
    keys.revoke(late.stored.id)
    watch.forward(5)
    with pytest.raises(Unauthenticated):
        await door.identify(f"Bearer {late.token}")


async def test_a_clock_that_is_set_back_does_not_lengthen_a_keys_life():
    watch = Watch()
    key = fresh_key(watch)
    keys = CountingKeys(key.stored)
    door = doorkeeper(keys, watch)
    await door.identify(f"Bearer {key.token}")
    watch.forward(-3600)
    await door.identify(f"Bearer {key.token}")
    assert keys.asked == 2


async def test_a_wrong_secret_costs_the_same_one_query_as_an_unknown_key():
    watch = Watch()
    known, unknown = fresh_key(watch), fresh_key(watch)
    keys = CountingKeys(known.stored)
    door = doorkeeper(keys, watch)
    await door.identify(f"Bearer {known.token}")
    forged = new_api_key(Owner(READ, partner=TANF), watch, _with_id(known.stored.id), PlainHasher())
    for token in (forged.token, unknown.token):
        before = keys.asked
        with pytest.raises(Unauthenticated):
            await door.identify(f"Bearer {token}")
        assert keys.asked == before + 1


def _with_id(key_id):
    stream = iter([bytes.fromhex(key_id), os.urandom(32)])
    return lambda _size: next(stream)


async def test_a_flood_of_refusals_is_two_entries_a_minute(stack):
    for _ in range(30):
        await stack.call(None, "GET", "/v1/submissions", Authorization="Bearer gwk_nonsense")
    assert [entry.details["count"] for entry in await stack.entries("access.refused")] == [1]
    stack.watch.forward(60)
    await stack.call(None, "GET", "/v1/submissions")
    entries = await stack.entries("access.refused")
    assert sorted(entry.details["count"] for entry in entries) == [1, 1, 29]
    assert {(str(entry.actor), entry.outcome) for entry in entries} == {("caller:unknown", "unauthenticated")}


async def test_a_missing_scope_is_written_down_under_the_callers_name(stack):
    await stack.call("reader", "POST", "/v1/submissions", data=b"x")
    (entry,) = await stack.entries("access.refused")
    assert (str(entry.actor), entry.outcome) == ("partner:ohio", "forbidden")


class Log:
    """An embedded audit log that can be away."""

    def __init__(self) -> None:
        self.entries, self.away = [], False

    async def write(self, entries):
        if self.away:
            raise Unavailable
        self.entries += entries


async def test_refusals_while_the_store_is_away_are_counted_and_written_later():
    watch, log = Watch(), Log()
    scribe = scribe_of(watch)
    refusals, who = Refusals(log, scribe, watch), Actor("partner", "ohio")
    log.away = True
    for _ in range(3):
        await refusals.note(who, "forbidden")
    await refusals.settle(everything=True)
    log.away = False
    await refusals.settle(everything=True)
    assert [entry.details["count"] for entry in log.entries] == [3]
    await refusals.settle(everything=True)
    assert len(log.entries) == 1


async def test_refusals_of_countless_callers_take_bounded_memory():
    watch, log = Watch(), Log()
    refusals = Refusals(log, scribe_of(watch), watch)
    for number in range(1500):
        await refusals.note(Actor("partner", f"p{number}"), "forbidden")
    assert len(refusals._windows) <= 1001
    await refusals.settle(everything=True)
    assert sum(entry.details["count"] for entry in log.entries) == 1500


def scribe_of(watch):
    return Scribe(watch, minting(watch, os.urandom), os.urandom)


async def test_a_caller_beyond_its_rate_is_told_when_to_come_again(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, Limits(rate_per_second=2, burst=3)) as stack:
        answers = [await stack.call("ohio", "GET", "/v1/submissions") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"partner";q=3;w=2'
        assert answers[0].headers["RateLimit"] == '"partner";r=2;t=1'
        assert answers[3].headers["Retry-After"] == "1"
        assert answers[3].json["type"] == "/problems/too-many-requests"
        assert (await stack.call("iowa", "GET", "/v1/submissions")).status == 200
        stack.watch.forward(0.5)
        assert (await stack.call("ohio", "GET", "/v1/submissions")).status == 200


async def test_without_a_rate_nobody_is_told_to_wait(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, Limits(rate_per_second=None, burst=1)) as stack:
        answers = [await stack.call("ohio", "GET", "/v1/submissions") for _ in range(4)]
        assert {answer.status for answer in answers} == {200}
        assert "RateLimit" not in answers[0].headers


@given(st.lists(st.floats(0, 3), min_size=1, max_size=50))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(waits):
    watch = Watch()
    buckets = Buckets(Limits(rate_per_second=2.0, burst=4), watch)
    begun, given_out = watch.now, 0
    for wait in waits:
        watch.forward(wait)
        with suppress(RateExceeded):
            assert 0 <= buckets.take("ohio").remaining < 4
            given_out += 1
    elapsed = (watch.now - begun).total_seconds()
    assert given_out <= 4 + 2 * elapsed + 1e-6


async def test_a_partner_that_was_removed_cannot_submit(stack):
    await stack.new_key("gone", Owner(frozenset({Scope.SUBMIT}), partner=PartnerKey("gone")))
    answer = await stack.post(b"one\n", caller="gone")
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
