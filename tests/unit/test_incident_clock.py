"""The clocks on telling of an incident: whom, by when, and an alarm at 50, 80 and 100 % of each time, once each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core import incident_clock
from gateway.core.errors import Conflict, NotFound, Unprocessable
from gateway.core.incident import DUTIES, Data
from gateway.core.incident_clock import Opened, Stage, untold
from gateway.guarding import incident_watch
from tests.contract.archive import BEGIN, OPERATOR, archive

ALL = (Data.TAX, Data.HEALTH)
TICK = timedelta(microseconds=1)
STAGES = ((0.5, Stage.HALF), (0.8, Stage.NEAR), (1.0, Stage.OVERDUE))


@pytest.fixture
async def site(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as opened:
        yield opened


async def opened(site, *data):
    return await incident_watch(site.base).open(OPERATOR, BEGIN, "a parcel lay open", None, data)


async def alarms(site, incident, at):
    """What the log has of alarms when the scheduler has looked at this moment, twice."""
    site.now = at
    await incident_watch(site.base).step()
    await incident_watch(site.base).step()
    entries = [entry for _, entry in await site.base.stores.audit.about(f"incident:{incident}")]
    return [(e.details["duty"], e.outcome) for e in entries if e.action.startswith("deadline.")]


async def alarmed_in_time(site):
    """Of each duty and stage: whether the alarm is given at its moment, and neither before nor twice."""
    incident = (await opened(site, *ALL)).id
    moments = {(BEGIN + part * duty.within, duty.code, stage) for duty in DUTIES for part, stage in STAGES}
    found = []
    for at in sorted({at for at, _, _ in moments}):
        before, then = await alarms(site, incident, at - TICK), await alarms(site, incident, at)
        found += [
            (before.count((duty, stage)), then.count((duty, stage))) == (0, 1)
            for when, duty, stage in moments
            if when == at
        ]
    return found


@pytest.mark.claim("H03", control="test_control_without_the_stages_no_alarm_is_given_in_time")
async def test_alarms_are_given_at_half_four_fifths_and_the_end_of_each_time_once_each(site, claim):
    found = await alarmed_in_time(site)
    assert len(found) == len(DUTIES) * len(STAGES)
    assert all(found)
    claim.measured(f"{sum(found)} of {len(found)} alarms at their moment, once")


async def test_control_without_the_stages_no_alarm_is_given_in_time(site, monkeypatch):
    monkeypatch.setattr(incident_clock, "_FROM", ((0.0, Stage.OPEN),))
    assert not any(await alarmed_in_time(site))


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ((), ["ocss"]),
        ((Data.TAX,), ["ocss", "irs"]),
        ((Data.HEALTH,), ["ocss", "persons", "covered-entity"]),
        (ALL, ["ocss", "irs", "persons", "covered-entity"]),
    ],
)
def test_whom_to_tell_hangs_on_the_data(data, codes):
    one = Opened("1", BEGIN, "x", "operator:pat", BEGIN, data=frozenset(data))
    assert [duty.code for duty in one.duties()] == codes
    assert {found.duty.code for found in untold([one], BEGIN)} == set(codes)
    assert untold([Opened("1", BEGIN, "x", "operator:pat", BEGIN, closed_at=BEGIN)], BEGIN) == ()


async def test_whoever_was_told_is_waited_for_no_longer_and_a_closed_incident_has_no_clocks(site):
    incident, watch = (await opened(site, Data.TAX)).id, incident_watch(site.base)
    await watch.tell(OPERATOR, incident, "ocss")
    assert [one.duty.code for one in await watch.untold()] == ["irs"]
    assert await alarms(site, incident, BEGIN + timedelta(hours=2)) == []
    with pytest.raises(Conflict):
        await watch.tell(OPERATOR, incident, "ocss")
    with pytest.raises(NotFound):
        await watch.tell(OPERATOR, incident, "persons")
    await watch.close(OPERATOR, incident, "nothing was lost")
    assert await watch.untold() == ()
    with pytest.raises(NotFound):
        await watch.close(OPERATOR, incident, "again")
    assert [entry.action for _, entry in await site.base.stores.audit.about(f"incident:{incident}")] == [
        "incident.opened",
        "incident.told",
        "incident.closed",
    ]
    (kept,) = await site.base.stores.incidents.list(closed=True)
    assert (kept.told, kept.closed_by) == ({"ocss": BEGIN}, str(OPERATOR))


async def test_an_incident_of_tomorrow_or_with_a_number_of_a_person_is_refused(site):
    watch = incident_watch(site.base)
    with pytest.raises(Unprocessable):
        await watch.open(OPERATOR, BEGIN + TICK, "later", None, ())
    with pytest.raises(Unprocessable):
        await watch.open(OPERATOR, BEGIN, "of 900-12-3456", None, ())
    assert await site.base.stores.incidents.list(closed=True) == ()


@pytest.fixture
async def config(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url):
        file = tmp_path / "gateway.toml"
    file.write_text(
        f'secrets = "{tmp_path}/secrets"\n[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n'
    )
    return file


def test_the_commands_open_list_tell_and_close_and_the_doctor_tells_what_is_late(config):
    def run(*words):
        return CliRunner().invoke(app, ["--config", str(config), *words])

    def listed():
        return {row["whom"]: row for row in json.loads(run("incident", "list", "--json").stdout)}

    begun = (datetime.now(UTC) - timedelta(minutes=50)).isoformat()
    made = json.loads(run("incident", "open", "--discovered", begun, "--about", "x", "--tax-data", "--json").stdout)
    assert [one["whom"] for one in made["due"]] == ["ocss", "irs"]
    id_ = made["incident"]
    assert [(whom, row["stage"]) for whom, row in listed().items()] == [("ocss", "near"), ("irs", "open")]
    assert "1 notices of incidents are not given, the first to ocss" in run("doctor", "--json").stdout
    assert json.loads(run("incident", "told", id_, "ocss", "--json").stdout) == {"incident": id_, "told": "ocss"}
    assert listed()["ocss"]["stage"] == ""
    assert json.loads(run("doctor", "--json").stdout)["incidents"] == "ok"
    assert json.loads(run("incident", "close", id_, "--reason", "all were told", "--json").stdout) == {"incident": id_}
    assert listed() == {}
    assert run("incident", "open", "--discovered", begun, "--about", "x", "--partner", "nobody").exit_code != 0
