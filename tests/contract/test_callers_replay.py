"""Nothing counts twice: assertions and signed messages, in the same process, in another one, after a restart."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from gateway.core.caller import Tier
from gateway.store.engine import open_database
from gateway.store.nonces import LATE, StoredNonces
from tests.contract.api_stack import running
from tests.contract.caller_stack import door, identity, know

READ = "/v1/submissions"


class Forgetful:
    """What there would be without the table: every value counts as new."""

    async def spend(self, _holder, _value, _until) -> bool:
        return True


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        await know(stack, ohio=identity("ohio").caller(Tier.SIGNATURE), iowa=identity("iowa").caller(Tier.TOKEN))
        yield stack


TIMES = 5


async def again(stack, first, second, pairs: int) -> tuple[int, int]:
    """Each message is taken by ``first`` once and shown to both again, five times at once -> (replays, how many of them
    were taken)."""
    answers = []
    for _ in range(pairs):
        assertion = first.assertion(identity("iowa"))
        signed = first.sign(identity("ohio"), "GET", READ)
        assert (await first.token(None, assertion)).status == 200
        assert (await first.ask("GET", READ, headers=signed)).status == 200
        shown = [gate.token(None, assertion) for gate in (first, second) for _ in range(TIMES)]
        shown += [gate.ask("GET", READ, headers=signed) for gate in (first, second) for _ in range(TIMES)]
        answers += await asyncio.gather(*shown)
        stack.watch.forward(1)  # the endpoint of tokens has a rate
    assert {answer.status for answer in answers} <= {200, 401}
    return len(answers), sum(answer.status == 200 for answer in answers)


@pytest.mark.claim("A38", control="test_without_memory_every_replay_is_taken")
async def test_no_replay_is_taken_by_this_process_or_another(stack, sqlite_url, claim):
    cases = claim.size(push=500, night=5_000)
    async with door(stack) as first, door(stack, database=sqlite_url) as second:
        replays, taken = await again(stack, first, second, cases // (4 * TIMES))
    assert (replays, taken) == (cases, 0)
    claim.measured(f"{taken} of {replays} replays taken")
    outcomes = {entry.outcome for entry in await stack.entries("access.refused")}
    assert outcomes == {"assertion-replayed", "signature-replayed"}


async def test_without_memory_every_replay_is_taken(stack):
    async with door(stack, nonces=Forgetful()) as gate:
        assert await again(stack, gate, gate, 1) == (4 * TIMES, 4 * TIMES)


async def test_a_replay_is_refused_after_a_restart(stack, sqlite_url):
    async with door(stack) as before:
        assertion = before.assertion(identity("iowa"))
        signed = before.sign(identity("ohio"), "GET", READ)
        assert (await before.token(None, assertion)).status == 200
        assert (await before.ask("GET", READ, headers=signed)).status == 200
    stack.watch.forward(100)
    async with door(stack, database=sqlite_url) as after:
        assert (await after.token(None, assertion)).status == 401
        assert (await after.ask("GET", READ, headers=signed)).status == 401


async def test_a_value_is_kept_until_its_end_and_then_dropped(database_url, stack):
    database = open_database(database_url)
    nonces, until = StoredNonces(database, stack.watch), stack.watch.now.replace(minute=5)
    value = secrets.token_hex(16)
    try:
        assert await nonces.spend("assertion:ohio", value, until)
        assert not await nonces.spend("assertion:ohio", value, until)
        assert await nonces.spend("assertion:iowa", value, until)
        stack.watch.now = until + LATE
        assert not await nonces.spend("assertion:ohio", value, until)
        stack.watch.forward(31)
        assert await nonces.spend("assertion:ohio", value, until)
    finally:
        await database.dispose()
