"""Copies that leave are written down and have to go; the accounting of disclosures says what went to whom."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.errors import Conflict, NotFound, Unprocessable
from gateway.core.extract import EXTRACTS
from gateway.core.model import Actor, DeliveryState, Page
from gateway.core.retention import later
from gateway.core.roles import Role
from gateway.disclosed import Export
from gateway.retaining import eraser, local_desk
from gateway.web.approving import SecondWords
from tests.contract.archive import BEGIN, IOWA, OPERATOR, TANF, WAGE, archive

DAY = timedelta(days=1)
SAM = Actor("operator", "sam")
YEARS = timedelta(days=6 * 365.25)


@pytest.fixture
async def site(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as opened:
        yield opened


async def test_an_extract_is_overdue_from_day_90_on_until_somebody_confirms_that_it_is_gone(site):
    desk = await local_desk(site.base)
    made = await desk.register(OPERATOR, "evidence", "record:x", "hearing")
    site.now = made.made_at + 90 * DAY - timedelta(microseconds=1)
    assert await desk.overdue() == 0
    site.now = made.made_at + 90 * DAY
    assert await desk.overdue() == 1
    await desk.confirm_erased(OPERATOR, made.id)
    assert await desk.overdue() == 0
    (kept,) = await desk.extracts(erased=True)
    assert (kept.owner, kept.purpose, kept.erased_by, kept.erased_at) == (
        str(OPERATOR),
        "hearing",
        str(OPERATOR),
        site.now,
    )
    with pytest.raises(NotFound):
        await desk.confirm_erased(OPERATOR, made.id)


async def test_an_extract_without_a_purpose_is_refused_and_nothing_is_written(site):
    desk = await local_desk(site.base)
    with pytest.raises(Unprocessable):
        await desk.register(OPERATOR, "evidence", "record:x", " ")
    assert await desk.extracts(erased=True) == ()


# --- every way out ----------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, sqlite_url):
    """An installation with one delivered record, for commands; and the record's id."""

    async def fill():
        async with archive(tmp_path, sqlite_url) as site:
            (record,) = await site.fill(1)
            return record.id

    record = asyncio.run(fill())
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'secrets = "{tmp_path}/secrets"\n[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n'
    )
    return config, record


def command(config, *words):
    done = CliRunner().invoke(app, ["--config", str(config), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(config, *words):
    """For want of a second person's word."""
    done = CliRunner().invoke(app, ["--config", str(config), *words])
    assert isinstance(done.exception, Conflict), done.output
    assert done.exception.problem == "approval-needed"


def registered(config):
    return [one["what"] for one in json.loads(command(config, "extract", "list", "--json"))]


TWO_PEOPLE = {"records-list", "backup-with-keys"}
"""What nobody takes out alone: in the console, whose own test looks at the register, and below."""
WAYS = {
    "audit-export": ("audit", "export", "--out", "{}/log.zip"),
    "evidence": ("audit", "evidence", "{record}", "--out", "{}/evidence.json"),
    "disclosures": ("disclosures", "list", "--record", "{record}", "--purpose", "request of the person"),
    "backup": ("backup", "create", "{}/backup"),
    "incident-report": ("incident", "report", "--since", "2026-03-02", "--out", "{}/incident.txt"),
    "other": ("extract", "add", "--about", "copy of the test files", "--purpose", "migration"),
}


@pytest.mark.claim("O02", control="test_a_copy_that_is_made_past_the_commands_is_missed_in_the_register")
def test_every_way_out_is_in_the_register(installed, tmp_path, claim):
    config, record = installed
    assert set(WAYS) == set(EXTRACTS) - TWO_PEOPLE
    for what, words in WAYS.items():
        command(config, *(word.format(tmp_path, record=record) for word in words))
        assert what in registered(config)
    claim.measured(f"{len(WAYS)} of {len(WAYS)} ways out registered")


def test_evidence_on_a_record_that_is_not_there_is_no_copy_to_erase(installed, tmp_path):
    """A slip in its id left a line that is overdue one day, for a file that nobody has."""
    config, record = installed
    words = ("audit", "evidence", record[:-1] + ("0" if record[-1] != "0" else "1"), "--out", str(tmp_path / "none"))
    done = CliRunner().invoke(app, ["--config", str(config), *words])
    assert isinstance(done.exception, NotFound), done.output
    assert registered(config) == []


def test_keys_leave_with_a_back_up_once_somebody_else_agreed_to_just_this_one(installed, tmp_path, sqlite_url):
    config, _record = installed
    first, other = (("backup", "create", str(tmp_path / name), "--with-keys") for name in ("first", "other"))
    refused(config, *first)
    asked = command(config, *first, "--ask", "the host is replaced")
    assert command(config, *first, "--ask", "once more") == asked, "one request, not two"
    refused(config, *first)
    assert registered(config) == []

    async def agree():
        async with archive(tmp_path, sqlite_url) as site:
            base = site.base
            (request,) = (await base.stores.approvals.list(Page(10))).rows
            words = SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)
            await words.decide(SAM, Role.SECURITY_OFFICER, request.id, approved=True, reason="planned")

    asyncio.run(agree())
    refused(config, *other)
    refused(config, *first, "--purpose", "a look at it")
    command(config, *first)
    assert (tmp_path / "first" / "keys").is_dir()
    assert registered(config) == ["backup-with-keys"]
    refused(config, *other)
    assert not (tmp_path / "other").exists()
    command(config, *other[:-1])
    assert registered(config) == ["backup-with-keys", "backup"], "control: a sealed copy needs nobody"


def test_a_back_up_that_is_not_made_is_not_in_the_register(installed, tmp_path):
    config, _record = installed
    (tmp_path / "backup").mkdir()
    with pytest.raises(AssertionError):
        command(config, "backup", "create", str(tmp_path / "backup"))
    assert registered(config) == []


def test_a_copy_that_is_made_past_the_commands_is_missed_in_the_register(installed, tmp_path, sqlite_url):
    config, _record = installed

    async def past():
        async with archive(tmp_path, sqlite_url) as site:
            await Export(site.base.logbook).write(tmp_path / "log.zip", 0, None, lambda _: None)

    asyncio.run(past())
    assert (tmp_path / "log.zip").exists()
    assert "audit-export" not in registered(config)


# --- the accounting of disclosures ------------------------------------------------------------------------------------

INDEPENDENT = """
SELECT DISTINCT i.record, i.partner, i.kind, i.sender, i.agreement, i.delivery
FROM items i, records r, attempts a
WHERE r.id = i.record AND a.delivery = i.delivery AND r.case_index = :token AND a.outcome IN ('delivered', 'waiting')
"""


async def independently(site, token):
    """The deliveries that reached somebody, by SQL that shares nothing with the code."""
    async with site.base.stores.database.read() as connection:
        return {tuple(row) for row in await connection.execute(text(INDEPENDENT), {"token": token})}


def told(disclosures):
    return {(d.record, d.partner, d.kind, d.sender, d.agreement, d.delivery) for d in disclosures}


async def mixed(site, token, count, rng):
    """Records of one case and of others, some delivered, some only placed, some never sent."""
    for _ in range(count):
        to = rng.choice([(IOWA,), (TANF,), (IOWA, TANF)])
        await site.accept(WAGE, to=to, case=rng.choice([token, None]))
        if rng.random() < 0.5:
            await site.deliver(rng.choice([DeliveryState.DELIVERED, DeliveryState.WAITING]))
            site.now += timedelta(minutes=7)


@pytest.mark.claim("H04", control="test_the_comparison_sees_an_accounting_that_forgets")
async def test_the_accounting_is_what_was_delivered_before_and_after_the_records_are_erased(site, claim):
    token = b"t" * 16
    await mixed(site, token, claim.size(push=25, night=400), random.Random(claim.seed))  # noqa: S311 - test data
    expected = await independently(site, token)
    accounting = site.base.stores.accounting
    before = told(await accounting.of_case([token], site.now - YEARS))
    site.now = later(BEGIN, 25)
    await eraser(site.base).run(OPERATOR)
    after = await accounting.of_case([token], site.now - YEARS)
    assert await independently(site, token) == set()
    assert before == told(after) == expected
    assert list(after) == sorted(after, key=lambda one: (one.at, one.delivery))
    claim.measured(f"{len(expected)} disclosures, all in the accounting, before and after erasing")


async def test_the_comparison_sees_an_accounting_that_forgets(site):
    token = b"t" * 16
    await site.fill(2, case=token)
    expected = await independently(site, token)
    site.now = later(BEGIN, 25)
    await eraser(site.base).run(OPERATOR)
    await site.base.stores.accounting.prune(site.now)
    assert told(await site.base.stores.accounting.of_case([token], site.now - YEARS)) != expected


async def test_the_accounting_is_forgotten_after_six_years(site):
    token = b"t" * 16
    await site.fill(2, case=token)
    site.now = later(BEGIN, 25)
    await eraser(site.base).run(OPERATOR)
    assert len(await site.base.stores.accounting.of_case([token], BEGIN)) == 2
    site.now = later(BEGIN, 72) + DAY
    await eraser(site.base).run(OPERATOR)
    assert await site.base.stores.accounting.of_case([token], BEGIN) == ()
