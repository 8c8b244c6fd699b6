"""Who read the content of records is listed, what asks for a question stands out, and the look itself is an entry."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.cli.readings import unreviewed
from gateway.core import reading_review
from gateway.core.model import Actor
from gateway.core.reading_review import Reading, readers
from tests.contract.archive import OPERATOR, archive

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SNOOPER, PARTNER = Actor("operator", "kim"), Actor("partner", "ohio")
STAFF = [Actor("operator", f"steward-{number}") for number in range(40)]


@pytest.fixture
async def site(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as opened:
        yield opened


class Office:
    """People who read records, each as an entry of the log."""

    def __init__(self, site):
        self.site, self.made = site, []

    def read(self, actor, at, record, outcome="masked"):
        self.site.now = at
        details = {"reason": "call of the county"}
        self.made.append(self.site.base.scribe.entry(actor, "record.read", f"record:{record}", outcome, details))

    async def week(self, count):
        """Ordinary work: ``count`` readings within a working week, no more of one person's on a day than is usual."""
        for number in range(count):
            day, turn = divmod(number // len(STAFF), 25)
            at = MONDAY + timedelta(days=day % 5, minutes=turn * 20, seconds=number * 37 % 600)
            self.read(STAFF[number % len(STAFF)], at, f"r{number}")
        await self.keep()

    async def snoop(self, count=35):
        for number in range(count):
            self.read(SNOOPER, MONDAY + timedelta(days=2, minutes=5 * number), f"s{number}", "shown")
        await self.keep()

    async def keep(self):
        await self.site.base.stores.audit.write(self.made)
        self.made = []

    async def listed(self):
        return readers(await self.site.base.stores.readings.since(MONDAY.replace(hour=0)), UTC)


@pytest.mark.claim("L05", control="test_without_the_limits_the_snooper_is_one_of_many")
async def test_every_reading_is_listed_and_a_seeded_snooper_stands_out(site, claim):
    office, count = Office(site), claim.size(push=1_000, night=5_000)
    await office.week(count)
    await office.snoop()
    office.read(PARTNER, MONDAY + timedelta(hours=1), "its-own")
    await office.keep()
    found = await office.listed()
    assert sum(one.readings for one in found) == count + 35
    assert [(one.actor, one.concerns) for one in found if one.concerns] == [(SNOOPER, ("many-a-day",))]
    assert (found[0].records, found[0].shown, found[0].most_a_day) == (35, 35, 35)
    claim.measured(f"{count + 35} of {count + 35} readings listed, 1 of 1 snooper, 0 of {len(STAFF)} others")


async def test_without_the_limits_the_snooper_is_one_of_many(site, monkeypatch):
    monkeypatch.setattr(reading_review, "MOST_A_DAY", 10**6)
    office = Office(site)
    await office.snoop()
    assert [one.concerns for one in await office.listed()] == [()]


@pytest.mark.parametrize(
    ("days", "hour", "concerns"),
    [
        ((0,), 6, ()),
        ((0,), 19, ()),
        ((0,), 5, ("outside-hours",)),
        ((0,), 20, ("outside-hours",)),
        ((5,), 12, ("outside-hours",)),
        ((0, 1), 12, ()),
        ((0, 1, 2), 12, ("same-record-again",)),
    ],
)
def test_hours_outside_of_work_and_one_record_again_and_again_are_concerns(days, hour, concerns):
    begin = MONDAY.replace(hour=hour)
    found = readers([Reading(SNOOPER, begin + timedelta(days=day), "one", "masked") for day in days], UTC)
    assert [one.concerns for one in found] == [concerns]


@pytest.mark.claim("F06", control="test_a_week_without_a_look_is_told")
async def test_whoever_looked_through_the_list_is_in_the_log_and_the_clock_begins_anew(tmp_path, sqlite_url, claim):
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'secrets = "{tmp_path}/secrets"\n[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n'
    )
    async with archive(tmp_path, sqlite_url) as site:
        office, now = Office(site), datetime.now(UTC)
        office.read(OPERATOR, now - timedelta(days=8), "old")
        office.read(OPERATOR, now - timedelta(hours=1), "new")
        await office.keep()
        site.now = now
        assert await unreviewed(site.base)
        (row,) = json.loads((await command(config, "list", "--days", "30", "--json")).stdout)
        assert (row["who"], row["records"]) == (str(OPERATOR), 2)
        signed = await command(config, "sign", "--days", "30", "--reason", "asked; all right", "--json")
        assert json.loads(signed.stdout) == {"readings": 2, "people": 1}
        assert not await unreviewed(site.base)
        ((_, entry),) = await site.base.stores.audit.about("reads")
        assert (entry.action, entry.details["readings"], entry.details["reason"]) == (
            "reads.reviewed",
            2,
            "asked; all right",
        )
        assert (await command(config, "sign", "--reason", "case 900010001")).exception.problem == "reason-unfit"
    claim.measured("told after a week, quiet after the look")


async def command(config, *words):
    return await asyncio.to_thread(CliRunner().invoke, app, ["--config", str(config), "readings", *words])


async def test_a_week_without_a_look_is_told(site):
    office = Office(site)
    office.read(OPERATOR, MONDAY, "one")
    await office.keep()
    assert not await unreviewed(site.base)
    site.now = MONDAY + timedelta(days=7)
    assert not await unreviewed(site.base)
    site.now += timedelta(seconds=1)
    assert await unreviewed(site.base)
