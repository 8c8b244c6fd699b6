"""Operator accounts and sessions with their idle and absolute limits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.ports.accounts import Operator, Session
from gateway.store.audit import StoredAuditLog
from gateway.store.operators import StoredOperators
from tests.contract.owed import Town

IDLE, LIFE = timedelta(minutes=30), timedelta(hours=8)
PAT = Operator("pat", "operator", "$argon2id$synthetic", sealed_surname=b"sealed")
TOKEN = b"t" * 32


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database):
    return StoredOperators(database)


async def add(store, town, operator):
    await store.add(operator, town.entry("operator.added", f"operator:{operator.name}"))


async def log_in(store, town, token=TOKEN, operator="pat"):
    session = Session(token, operator, "csrf-token", town.now, town.now)
    await store.open_session(session, town.entry("operator.login", f"operator:{operator}"))
    return session


async def look(store, town, token=TOKEN):
    return await store.session(token, town.now - IDLE, town.now - LIFE, town.now)


async def test_operators_are_added_replaced_and_listed_by_name(store, town, database):
    await add(store, town, PAT)
    await add(store, town, Operator("ann", "viewer", "hash", disabled=True))
    await add(store, town, replace(PAT, role="admin"))
    assert await store.find("pat") == replace(PAT, role="admin")
    assert await store.find("nobody") is None
    assert [(o.name, o.disabled) for o in await store.list()] == [("ann", True), ("pat", False)]
    assert len(await StoredAuditLog(database).about("operator:pat")) == 2


async def test_a_live_session_is_found_with_its_operator_and_marked_as_seen(store, town):
    await add(store, town, PAT)
    session = await log_in(store, town)
    town.wait()
    assert await look(store, town) == (replace(session, seen_at=town.now), PAT)
    assert await look(store, town, b"u" * 32) is None


async def test_a_session_ends_when_it_is_idle_too_long(store, town):
    await add(store, town, PAT)
    await log_in(store, town)
    town.wait(IDLE)
    assert await look(store, town) is not None
    town.wait(IDLE + timedelta(seconds=1))
    assert await look(store, town) is None
    town.wait(-IDLE)
    assert await look(store, town) is None, "a dead session stays dead"


async def test_a_session_ends_at_its_absolute_limit_however_busy_it_is(store, town):
    await add(store, town, PAT)
    session = await log_in(store, town)
    while town.now <= session.created_at + LIFE:
        assert await look(store, town) is not None
        town.wait(IDLE)
    assert await look(store, town) is None


async def test_a_disabled_operator_has_no_session(store, town):
    await add(store, town, PAT)
    await add(store, town, replace(PAT, disabled=True))
    await log_in(store, town)
    assert await look(store, town) is None


async def test_a_changed_operator_is_logged_out_everywhere(store, town):
    await add(store, town, PAT)
    await add(store, town, replace(PAT, name="ann"))
    await log_in(store, town)
    await log_in(store, town, b"a" * 32, "ann")
    await add(store, town, replace(PAT, password_hash="another"))
    assert await look(store, town) is None
    assert await look(store, town, b"a" * 32) is not None


async def test_a_closed_session_is_gone(store, town):
    await add(store, town, PAT)
    await log_in(store, town)
    await store.close_session(TOKEN)
    await store.close_session(TOKEN)
    assert await look(store, town) is None


async def test_somebody_with_a_wrong_token_ends_nobodys_session(store, town):
    await add(store, town, PAT)
    await log_in(store, town)
    assert await look(store, town, b"x" * 32) is None
    assert await look(store, town) is not None


def test_neither_password_hash_nor_token_is_printed():
    printed = repr(PAT) + repr(Session(TOKEN, "pat", "csrf-token", Town().now, Town().now))
    assert "argon2" not in printed
    assert "csrf-token" not in printed
    assert "ttt" not in printed
