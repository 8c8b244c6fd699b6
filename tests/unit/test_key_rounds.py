"""Keys come to their end by the calendar: told in time, replaced by themselves, destroyed by two people."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from gateway.core.backup import about
from gateway.core.errors import Conflict, Forbidden, Misconfigured, Unavailable
from gateway.core.extract import Extract
from gateway.core.model import Actor
from gateway.key_rounds import COOLED, Ending, KeyEnd, KeyRounds, sealing_keys
from gateway.key_rows import HELD, KeyRows
from gateway.key_secrets import passphrase, token_address
from gateway.settings import Keys
from gateway.telemetry import Metrics
from gateway.work.rewrap import Pace, Rewrapper
from keys.files import FileKeys
from keys.ring import KEY_BYTES, KNOWN
from keys.schedule import BY_HAND, NOTICES, Lifetimes, Plan, plan, report
from keys.states import KeyState, KeyUse
from keys.token import Token
from tests.unit.work_site import open_site

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ONE, TWO = Actor("operator", "one"), Actor("operator", "two")
RECORDS = KeyUse.KEK, "records"


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def either(sqlite_url, tmp_path, token_address):
    """With the keys that seal in the key file, and in a token."""
    async with open_site(sqlite_url, tmp_path, token_address) as opened:
        yield opened


def rounds(site, **changed):
    return KeyRounds(
        site.keys, site.stores.key_notices, site.stores.audit, site.scribe, site.clock, Lifetimes(**changed)
    )


def ending(site):
    return Ending(
        site.keys,
        KeyRows(site.keys, site.stores.sealed, site.stores.callers, site.stores.indexed),
        site.stores.extracts,
        site.stores.audit,
        site.scribe,
        site.clock,
    )


def states(site, label="records"):
    return [facts.state for facts in site.keys.list() if (facts.use, facts.label) == (KeyUse.KEK, label)]


async def test_a_key_gets_its_follower_in_time_and_is_replaced_at_its_end(either):
    site = either
    found = {}
    for day in range(91):
        await rounds(site).step()
        found[day] = states(site)
        site.wait(days=1)
    assert found[82] == [KeyState.ACTIVE]
    assert found[83] == found[89] == [KeyState.ACTIVE, KeyState.PENDING]
    assert found[90] == [KeyState.DECRYPT_ONLY, KeyState.ACTIVE]
    second = site.keys.ring.active(*RECORDS).facts
    assert await site.actions(f"key:{second.id}") == ["key.prepared", "key.rotated"]


async def test_each_step_before_the_end_is_told_once_by_whoever_is_there(site):
    with capture_logs() as lines:
        for _ in range(92):
            for _restart in range(2):
                await rounds(site, alone=False).step()
            site.wait(days=1)
    told = [line["count"] for line in lines if line["event"] == "key.expiring" and ":records:" in line["id"]]
    assert told == sorted(NOTICES, reverse=True)
    assert await site.actions(f"key:{site.keys.ring.active(*RECORDS).facts.id}") == ["key.expiring"] * len(NOTICES)


def test_every_key_has_an_end_and_a_person_replaces_the_logs_and_those_that_rows_depend_on():
    lifetimes = Lifetimes()
    assert {use: lifetimes.of(use).days for use in KeyUse} == {
        KeyUse.KEK: 90,
        KeyUse.INDEX: 730,
        KeyUse.TOKEN_PEPPER: 730,
        KeyUse.NOTE_SIGNING: 365,
        KeyUse.RECEIPT_SIGNING: 365,
        KeyUse.TOKEN_SIGNING: 365,
    }
    assert {use for use in KeyUse if not lifetimes.replaces(use)} == BY_HAND
    assert set(BY_HAND) == {KeyUse.NOTE_SIGNING, KeyUse.INDEX, KeyUse.TOKEN_PEPPER}
    assert not any(Lifetimes(alone=False).replaces(use) for use in KeyUse)


BEFORE = 61 * DAY
"""Ahead of every notice."""


def active(site, use):
    return next(facts for facts in site.keys.list() if (facts.use, facts.state) == (use, KeyState.ACTIVE))


async def told_until_the_end_of(site, first):
    """Days that are told of keys of one use while the end of the first one comes and goes."""
    end, told = first.since + Lifetimes().of(first.use), []
    for left in (BEFORE, *(days * DAY for days in NOTICES), -DAY):
        site.now = end - left
        with capture_logs() as lines:
            for _restart in range(2):
                await rounds(site).step()
        expiring = [line for line in lines if line["event"] == "key.expiring"]
        told += [line["count"] for line in expiring if line["id"].startswith(f"{first.use}:")]
    return told


@pytest.mark.parametrize("use", sorted(BY_HAND))
async def test_a_key_that_a_person_replaces_is_told_at_each_step_and_left_alone(site, use):
    first = active(site, use)
    assert await told_until_the_end_of(site, first) == sorted(NOTICES, reverse=True)
    assert await site.actions(f"key:{first.id}") == ["key.expiring"] * len(NOTICES)
    assert active(site, use) == first
    lines, metrics = report(site.keys.ring, Lifetimes(), site.now), Metrics()
    (line,) = [line for line in lines if line.id == first.id]
    assert (line.days, line.attention) == (-1, "its time is over: rotate it")
    metrics.keys(lines)
    figure = f'gateway_key_days_left{{label="{first.label}",use="{use}"}} -1.0'
    assert figure in generate_latest(metrics.registry).decode()


@pytest.mark.parametrize("use", sorted(BY_HAND))
async def test_control_of_a_key_that_was_replaced_in_time_nothing_is_told(site, use):
    first = active(site, use)
    site.now = first.since + Lifetimes().of(use) - BEFORE
    site.keys.prepare(first.label, use)
    site.now += KNOWN
    site.keys.rotate(first.label, use)
    assert await told_until_the_end_of(site, first) == []


async def test_what_needs_a_person_is_said_on_the_list(site):
    def notes(after, **changed):
        lines = report(site.keys.ring, Lifetimes(**changed), site.now + after)
        return {line.id: (line.days, line.attention) for line in lines if line.days is not None}

    first = site.keys.ring.active(*RECORDS).facts.id
    assert notes(timedelta())[first] == (90, "")
    assert notes(80 * DAY)[first] == (10, "")
    assert notes(80 * DAY, alone=False)[first] == (10, "rotate it before its end")
    assert notes(91 * DAY, alone=False)[first] == (-1, "its time is over: rotate it")
    assert "scheduler" in notes(91 * DAY)[first][1]
    metrics = Metrics()
    metrics.keys(report(site.keys.ring, Lifetimes(), site.now))
    assert b'gateway_key_days_left{label="records",use="kek"} 90.0' in generate_latest(metrics.registry)


def test_nothing_is_due_on_the_first_day(tmp_path):
    keys = FileKeys.create(tmp_path / "k", lambda: NOW, os.urandom)
    assert plan(keys.ring, Lifetimes(), NOW) == Plan()


async def wrapped_anew(site):
    job = Rewrapper(
        site.stores.sealed,
        site.sealer,
        lambda: sealing_keys(site.keys.ring),
        site.scribe,
        site.clock,
        site.mint,
        Pace(rate=10**9),
    )
    while await job.step():
        pass


async def test_a_key_that_something_is_wrapped_by_is_not_destroyed(either, token_address):
    site = either
    await site.owe(1, 2)
    old = site.keys.ring.active(*RECORDS).facts.id
    with pytest.raises(Conflict, match="active"):
        await ending(site).destroy(KeyEnd(old, ONE, TWO))
    site.keys.rotate("records")
    with pytest.raises(Conflict, match="within the hour"):
        await ending(site).destroy(KeyEnd(old, ONE, TWO))
    site.wait(hours=COOLED / timedelta(hours=1))
    with pytest.raises(Conflict, match="2 values are wrapped") as caught:
        await ending(site).destroy(KeyEnd(old, ONE, TWO))
    assert caught.value.problem == "key-in-use"
    site.sealer.refresh()
    await wrapped_anew(site)
    await ending(site).destroy(KeyEnd(old, ONE, TWO))
    assert states(site) == [KeyState.DESTROYED, KeyState.ACTIVE]
    assert await site.actions(f"key:{old}") == ["key.destroyed"]
    if token_address is not None:
        with pytest.raises(Unavailable, match="does not have the key"):
            Token(token_address).wrapping(old).wrap(bytes(KEY_BYTES))
    async with site.dispatching():
        await site.come_to_rest()
    assert len(site.door.taken) == 2, "all is readable under the new key"


async def copied(site, id_, about, what="backup"):
    made = Extract(id_, what, about, "one", "synthetic", site.now, site.now + 90 * DAY)
    await site.stores.extracts.add(made, site.scribe.entry(ONE, "extract.made", f"extract:{id_}"))


async def test_a_key_that_a_back_up_needs_is_not_destroyed_until_it_is_erased_or_given_up(either):
    site = either
    old = site.keys.ring.active(*RECORDS).facts.id
    await copied(site, "b1", about([old]))
    await copied(site, "b2", "database")  # of before copies said which keys they need
    await copied(site, "e1", "log:0-512", "audit-export")
    site.keys.rotate("records")
    site.wait(days=2)
    await copied(site, "b3", about([site.keys.ring.active(*RECORDS).facts.id]))
    await ending(site).check(old)
    assert await ending(site).copies(old) == {"b1", "b2"}
    for given_up in (frozenset(), frozenset({"b1"})):
        with pytest.raises(Conflict) as caught:
            await ending(site).destroy(KeyEnd(old, ONE, TWO, given_up))
        assert caught.value.problem == "key-in-backups"
    await site.stores.extracts.erased("b2", "one", site.now, site.scribe.entry(ONE, "extract.erased", "extract:b2"))
    await ending(site).destroy(KeyEnd(old, ONE, TWO, frozenset({"b1"})))
    assert states(site) == [KeyState.DESTROYED, KeyState.ACTIVE]


async def test_control_without_the_register_the_key_of_a_back_up_would_be_destroyed(either):
    site = either
    old = site.keys.ring.active(*RECORDS).facts.id
    site.keys.rotate("records")
    site.wait(days=2)
    await ending(site).destroy(KeyEnd(old, ONE, TWO))
    assert states(site) == [KeyState.DESTROYED, KeyState.ACTIVE]


async def test_one_person_alone_destroys_nothing(either):
    site = either
    site.keys.rotate("records")
    site.wait(days=1)
    old = next(facts.id for facts in site.keys.list() if facts.state is KeyState.DECRYPT_ONLY)
    with pytest.raises(Forbidden) as caught:
        await ending(site).destroy(KeyEnd(old, ONE, Actor("operator", "one")))
    assert caught.value.problem == "approval-own"
    assert KeyState.DESTROYED not in states(site)


async def test_keys_that_sign_are_not_destroyed(either):
    site = either
    site.keys.rotate("audit-log", KeyUse.NOTE_SIGNING)
    site.wait(days=1)
    for facts in site.keys.list():
        if facts.use not in HELD:
            with pytest.raises(Conflict) as caught:
                await ending(site).check(facts.id)
            assert caught.value.problem == "key-use"


@pytest.fixture
def credentials(tmp_path, monkeypatch):
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def test_the_passphrase_and_the_pin_may_be_systemd_credentials(credentials):
    (credentials / "keyring").write_text("synthetic passphrase\n")
    (credentials / "pin").write_text("1234")
    token = {"module": "/lib/token.so", "label": "gateway", "pin_credential": "pin"}
    settings = Keys(credential="keyring", token=token)
    assert passphrase(settings) == "synthetic passphrase"
    assert token_address(settings).pin == "1234"
    assert passphrase(Keys()) is None is token_address(Keys())
    assert "1234" not in repr(token_address(settings))


@pytest.mark.parametrize("name", ["missing", "../keyring", "", ".hidden", "empty"])
def test_a_credential_that_is_not_there_stops_the_start(credentials, name):
    (credentials / "empty").write_text("\n")
    with pytest.raises(Misconfigured):
        passphrase(Keys(credential=name))


def test_without_systemd_there_are_no_credentials(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(Misconfigured, match="CREDENTIALS_DIRECTORY"):
        passphrase(Keys(credential="keyring"))
    with pytest.raises(Misconfigured, match="PIN"):
        token_address(Keys(token={"module": "/lib/token.so", "label": "gateway"}))
