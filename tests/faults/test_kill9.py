"""SIGKILL at random moments under load: nothing accepted is lost, and the audit log verifies after every one."""

from __future__ import annotations

import asyncio
import os
import random
import sys

import pytest

from gateway.foundation import foundation
from tests.faults.load import Load
from tests.faults.tally import Tally
from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.partner_server import Arrival, partner_server
from tests.journeys.site import api, until
from tests.servers.gateway_process import GatewayProcess, install
from tests.servers.ports import free_port

LONGEST_LIFE = 0.6
"""Seconds under load before the next kill."""


@pytest.fixture
def killed_under_load(loaded_program, command_line, tmp_path):
    """Runs the load through ``kills`` crashes; gives its tally, what arrived and what was refused."""

    async def run(database, broker, kills, seed):
        dice = random.Random(seed)  # noqa: S311 - moments of crashes
        async with partner_server() as partners:
            settings = {"api": {"port": free_port()}}
            installed = await install(tmp_path, database, everybody(partners.port), broker=broker, **settings)
            process = GatewayProcess(installed, loaded_program)
            try:
                await process.start()
                async with api(process.url, installed.tokens) as client, foundation(installed.settings) as base:
                    load = Load(client)
                    load.start()
                    for number in range(kills):
                        await asyncio.sleep(dice.uniform(0.05, LONGEST_LIFE))
                        process.kill9()
                        load.tally.crashed(partners.arrivals)
                        report = await base.logbook.verify()
                        assert report.faults == (), f"after kill {number + 1}"
                        await process.start()
                    await load.stop()
                    await until(lambda: not load.tally.missing(partners.arrivals), "all accepted records arrive", 60)
                process.stop()
                verified = await asyncio.to_thread(command_line.on, installed, "audit", "verify")
                assert verified.returncode == 0, verified.stderr
            finally:
                process.kill9()
            return load, partners.arrivals

    return run


def tell(capsys, words):
    """Shown whether the test passes or not."""
    with capsys.disabled():
        sys.stdout.write(f"\n{words}\n")


def seeded(claim):
    """A new seed for each run, or the one to repeat."""
    return int(os.environ.get("KILL9_SEED") or claim.seed)


@pytest.mark.claim("A01", control="test_the_check_finds_a_record_that_was_acknowledged_and_not_kept")
@pytest.mark.timeout(400)
async def test_kills_under_load_lose_no_accepted_record(killed_under_load, postgres_url, amqp_url, claim, capsys):
    seed, kills = seeded(claim), claim.size(push=20, night=1_000)
    tell(capsys, f"KILL9_SEED={seed}")
    load, arrivals = await killed_under_load(postgres_url, amqp_url, kills, seed)
    verdict = load.tally.judge(arrivals)
    tell(capsys, verdict)
    claim.measured(f"{kills} kills, {len(load.tally.accepted)} accepted: {verdict}")
    assert load.refused == []
    assert (verdict.lost, verdict.unexpected) == (0, 0)
    assert len(load.tally.accepted) > 100, "there was a load"
    assert verdict.recovered > 0, "some records were accepted before a crash and delivered after it"


@pytest.mark.claim("A01", control="test_the_check_finds_a_record_that_was_acknowledged_and_not_kept")
@pytest.mark.timeout(240)
async def test_kills_lose_nothing_on_the_embedded_store_either(killed_under_load, sqlite_url, claim, capsys):
    seed, kills = seeded(claim), claim.size(push=3, night=100)
    tell(capsys, f"KILL9_SEED={seed}")
    load, arrivals = await killed_under_load(sqlite_url, None, kills, seed)
    verdict = load.tally.judge(arrivals)
    tell(capsys, verdict)
    claim.measured(f"{kills} kills of the embedded store, {len(load.tally.accepted)} accepted: {verdict}")
    assert load.refused == []
    assert (verdict.lost, verdict.unexpected) == (0, 0)


def arrival(number, delivery, body=None):
    made = body or samples.csenet(number)
    return Arrival("michigan", delivery, delivery, "case-transfer", made, str(hash(made)))


def tally(*numbers):
    made = Tally()
    for number in numbers:
        made.posted.add(samples.serial(number))
        made.accepted[samples.serial(number)] = 0
    return made


def test_the_check_finds_a_record_that_was_acknowledged_and_not_kept():
    told = tally(1, 2)
    told.accepted[samples.serial(3)] = 0  # as if 202 had left before the commit, and the crash came in between
    assert told.judge([arrival(1, "a"), arrival(2, "b")]).lost == 1


def test_the_check_finds_an_effect_that_happens_twice():
    assert tally(1).judge([arrival(1, "a"), arrival(1, "b")]).unexpected == 1
    assert tally(1).judge([arrival(1, "a"), arrival(1, "a", samples.csenet(1) + b" ")]).unexpected > 0
    assert tally(1).judge([arrival(1, "a"), arrival(2, "b")]).unexpected == 1


def test_the_check_allows_a_resend_of_the_same_delivery():
    verdict = tally(1).judge([arrival(1, "a"), arrival(1, "a")])
    assert (verdict.lost, verdict.unexpected, verdict.duplicated) == (0, 0, 1)


def test_the_check_counts_what_a_crash_delayed():
    told = tally(1, 2)
    told.crashed([arrival(1, "a")])
    assert told.judge([arrival(1, "a"), arrival(2, "b")]).recovered == 1
