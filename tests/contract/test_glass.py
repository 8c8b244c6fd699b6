"""Breaking the glass: content in an emergency, for a quarter of an hour, and a task that somebody else closes."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner
from yarl import URL

from gateway.cli.application import app
from gateway.cli.glass import unreviewed_glass
from gateway.core import glass
from gateway.core.errors import Conflict, Forbidden
from gateway.core.glass import Emergency, End, Review, Stage, Verdict
from gateway.core.model import Actor
from gateway.core.ports.accounts import Operator
from gateway.core.ports.glass import Breaking, Word
from gateway.core.reading_review import readers
from gateway.core.roles import Role
from gateway.guarding import glass_watch
from gateway.store.glass import StoredGlass
from gateway.web.console import rights
from gateway.web.console.rights import Right
from gateway.web.metrics import StoreFigures
from gateway.work.glass_watch import GlassWatch
from tests.contract.archive import archive
from tests.contract.console_forms import send
from tests.contract.console_site import PASSWORD, StillClock, fill, log_in, running, token
from tests.contract.owed import Town
from tests.contract.test_console_second_factor import client_of, code_at, enrol, show
from tests.contract.test_console_second_words import CANARY, CANONICAL, SURNAME, keep

WHY = {"emergency": "danger-to-a-person", "reason": "police asks for the address"}
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, StillClock(), canonical=CANONICAL, idle=timedelta(hours=1)) as site:
        await fill(site)
        site.ids["content"] = await keep(site)
        yield site


@asynccontextmanager
async def logged_in(site, name, role="viewer", **changes):
    await site.operator(name, role, **changes)
    async with site.browser() as client:
        assert (await log_in(client, name)).status == 303
        yield client


def breaker(site, name="vic", role="viewer"):
    """Somebody who may break the glass."""
    return logged_in(site, name, role, break_glass=True)


async def reads(site, client):
    """What the content page answers."""
    form = {"csrf": await token(client), "reason": "police asks", "path": SURNAME}
    answer = await client.post(site.ids["content"], data=form, allow_redirects=False)
    return answer.status, CANARY in await answer.text()


async def entries(site, *actions):
    return [entry for entry in await site.parts.audit.unsequenced(10_000) if entry.action in actions]


async def tasks(site):
    """Ids of the uses that wait for a review."""
    return [one.id for one in await site.parts.glass.list(reviewed=False)]


@pytest.mark.claim("H01", control="test_control_content_that_is_read_by_a_right_yields_no_task")
async def test_each_use_yields_a_task_that_stays_until_somebody_else_closes_it(site, claim):
    count = claim.size(push=2, night=40)
    for number in range(count):
        async with breaker(site, f"vic-{number}") as client:
            assert await reads(site, client) == (403, False)
            assert (await send(client, "/break", 303, **WHY)) == "/break"
            assert await reads(site, client) == (200, True)
    read = await entries(site, "record.read")
    assert sorted(entry.details["glass"] for entry in read) == sorted(await tasks(site))
    assert len(await tasks(site)) == count
    site.clock.forward(minutes=16)
    async with logged_in(site, "sam", "security-officer") as officer:
        for task in await tasks(site):
            page = await (await officer.get(f"/glass/{task}")).text()
            assert site.ids["record"] in page
            assert CANARY not in page
            await send(officer, f"/glass/{task}/review", 303, verdict="justified", reason="log of the police")
        assert await tasks(site) == []
        assert "Nothing waits" in await (await officer.get("/glass")).text()
        assert (await (await officer.get("/glass?view=all")).text()).count(">justified<") == count
    reviewed = await entries(site, "glass.reviewed")
    assert [(str(one.actor), one.outcome, one.details["note"]) for one in reviewed] == [
        ("operator:sam", "justified", "log of the police")
    ] * count
    claim.measured(f"{count} uses, {count} tasks, each closed by another person")


async def test_control_content_that_is_read_by_a_right_yields_no_task(site, monkeypatch):
    monkeypatch.setitem(rights.RIGHTS, Role.VIEWER, rights.RIGHTS[Role.VIEWER] | {Right.READ})
    async with breaker(site) as client:
        assert await reads(site, client) == (200, True)
    assert ["glass" in entry.details for entry in await entries(site, "record.read")] == [False]
    assert await tasks(site) == []


async def test_the_glass_lasts_a_quarter_of_an_hour_to_the_second_and_is_told_meanwhile(site):
    async with breaker(site) as client, logged_in(site, "sam", "security-officer") as officer:
        assert "You broke the glass" not in await (await client.get("/system")).text()
        await send(client, "/break", 303, **WHY, record=site.ids["record"])
        assert "You broke the glass" in await (await client.get("/system")).text()
        overview = await (await officer.get("/")).text()
        assert re.search("The glass is broken: vic", overview)
        assert (await client.get("/glass")).status == 403
        site.clock.forward(minutes=15, seconds=-1)
        assert await reads(site, client) == (200, True)
        task = (await tasks(site))[0]
        await send(officer, f"/glass/{task}/review", 409, verdict="justified", reason="too early")
        site.clock.forward(seconds=1)
        assert await reads(site, client) == (403, False)
        await site.parts.glass.step()
        ((_, broken), (_, opened), (_, ended)) = await site.parts.audit.about(f"glass:{task}")
        assert (broken.action, str(broken.actor), broken.details["emergency"]) == (
            "glass.broken",
            "operator:vic",
            "danger-to-a-person",
        )
        assert (opened.action, opened.outcome, opened.details) == (
            "glass.opened",
            "shown",
            {"record": site.ids["record"]},
        )
        assert (ended.action, ended.outcome, ended.details["opened"]) == ("glass.ended", "time", 1)
        assert re.search("vic broke the glass", await (await officer.get("/")).text())


async def test_federal_tax_information_stays_shut_and_a_steward_reads_it(site):
    """The latter is the control: it is the glass that keeps it shut."""
    await keep(site, "federal-tax")
    async with breaker(site) as client, logged_in(site, "sue", "data-steward") as steward:
        await send(client, "/break", 303, **WHY)
        assert await reads(site, client) == (403, False)
        assert await entries(site, "record.read") == []
        assert await reads(site, steward) == (200, True)


async def test_the_weekly_report_marks_what_was_read_behind_the_broken_glass(site):
    async with breaker(site) as client, logged_in(site, "sue", "data-steward") as steward:
        await send(client, "/break", 303, **WHY)
        for one in (client, steward):
            await reads(site, one)
    found = readers(await site.parts.readings.since(site.clock() - timedelta(days=1)), UTC)
    assert [(one.actor.name, one.concerns) for one in found] == [("vic", ("broken-glass",)), ("sue", ())]


@pytest.mark.parametrize("leaving", ["/break/end", "/logout"])
async def test_whoever_has_what_is_needed_ends_it_and_a_log_out_ends_it_too(site, leaving):
    async with breaker(site) as client:
        await send(client, "/break", 303, **WHY)
        await send(client, leaving, 303)
        if leaving == "/logout":
            assert (await log_in(client, "vic")).status == 303
        assert await reads(site, client) == (403, False)
    outcomes = [entry.outcome for entry in await entries(site, "glass.ended")]
    assert outcomes == ["given-back" if leaving == "/break/end" else "logout"]


async def test_it_holds_for_the_login_that_broke_it_alone_and_never_beyond_its_end(sqlite_url):
    limits = {"absolute": timedelta(minutes=30), "idle": timedelta(hours=1)}
    async with running(sqlite_url, StillClock(), canonical=CANONICAL, **limits) as site:
        await fill(site)
        site.ids["content"] = await keep(site)
        async with breaker(site) as client, site.browser() as other:
            site.clock.forward(minutes=20)
            assert (await log_in(other, "vic")).status == 303
            await send(client, "/break", 303, **WHY)
            (use,) = await site.parts.glass.list(reviewed=False)
            assert use.until - use.broken_at == timedelta(minutes=10)
            assert await reads(site, client) == (200, True)
            assert await reads(site, other) == (403, False)
            await send(client, "/break", 409, **WHY)


async def test_it_goes_on_for_the_login_that_takes_the_place_of_its_own_and_no_longer(site):
    """As after a proof at a provider, which is a login of its own."""
    async with breaker(site) as client:
        await send(client, "/break", 303, **WHY)
        site.clock.forward(minutes=10)
        client.cookie_jar.update_cookies({"gw-login": (csrf := await token(client))}, URL(site.url))
        form = {"name": "vic", "password": PASSWORD, "csrf": csrf}
        assert (await client.post("/login", data=form, allow_redirects=False)).status == 303
        assert await reads(site, client) == (200, True)
        site.clock.forward(minutes=5)
        assert await reads(site, client) == (403, False)


@pytest.mark.parametrize(
    ("role", "allowed", "status"),
    [
        ("viewer", True, 303),
        ("admin", True, 303),
        ("viewer", False, 403),
        ("partner-admin", True, 403),
        ("data-steward", True, 403),
    ],
)
async def test_only_accounts_that_were_allowed_beforehand_break_it(site, role, allowed, status):
    async with logged_in(site, "vic", role, break_glass=allowed) as client:
        await send(client, "/break", status, **WHY)
    assert len(await tasks(site)) == (status == 303)


@pytest.mark.parametrize("changes", [{"emergency": "curiosity"}, {"reason": ""}, {"reason": "case 900010001"}])
async def test_without_a_code_and_a_fit_reason_it_stays_whole(site, changes):
    async with breaker(site) as client:
        await send(client, "/break", 422 if "reason" in changes else 400, **{**WHY, **changes})
    assert await tasks(site) == []


async def test_it_asks_for_a_second_factor_shown_just_now(sqlite_url):
    clock = StillClock()
    async with (
        running(sqlite_url, clock, second_factor=True, idle=timedelta(hours=1)) as site,
        client_of(site) as client,
    ):
        secret = await enrol(site, client, "vic", "viewer")
        (account,) = await site.parts.operators.list()
        await site.operator("vic", "viewer", break_glass=True)
        assert account.name == "vic"
        assert (await log_in(client, "vic")).status == 303
        clock.forward(seconds=30)
        assert (await show(client, code_at(site, secret))).status == 303
        clock.forward(minutes=15, seconds=1)
        assert (await send(client, "/break", 303, **WHY)).startswith("/login/second")
        assert await tasks(site) == []
        clock.forward(seconds=30)
        assert (await show(client, code_at(site, secret))).status == 303
        assert await send(client, "/break", 303, **WHY) == "/break"


async def test_nobody_reviews_the_own_use_and_nobody_but_a_security_officer_does(site):
    async with breaker(site, "sam", "security-officer") as officer, logged_in(site, "ann", "auditor") as auditor:
        await send(officer, "/break", 303, **WHY)
        await send(officer, "/break/end", 303)
        (task,) = await tasks(site)
        found = {"verdict": "justified", "reason": "it was right"}
        await send(officer, f"/glass/{task}/review", 403, **found)
        assert "another security officer" in await (await officer.get(f"/glass/{task}")).text()
        await send(auditor, f"/glass/{task}/review", 403, **found)
        assert await tasks(site) == [task]
        async with logged_in(site, "kim", "security-officer") as other:
            await send(other, f"/glass/{task}/review", 422, **{**found, "reason": "case 900010001"})
            await send(other, f"/glass/{task}/review", 303, **found)
            await send(other, f"/glass/{task}/review", 409, **found)


@pytest.mark.parametrize("word", [("sam", Role.ADMIN), ("root", None), ("vic", Role.SECURITY_OFFICER)])
async def test_control_without_the_rule_on_reviewers_others_close_the_task(site, monkeypatch, word):
    async with breaker(site) as client:
        await send(client, "/break", 303, **WHY)
        await send(client, "/break/end", 303)
    (task,) = await tasks(site)
    closing = Word(Actor("operator", word[0]), *word, Verdict.JUSTIFIED, "as it should be")
    with pytest.raises(Forbidden):
        await site.parts.glass.review(task, closing)
    monkeypatch.setattr(glass, "check_reviewer", lambda *_: None)
    if word[0] == "vic":
        with pytest.raises(Conflict):  # the store refuses whoever broke it all the same
            await site.parts.glass.review(task, closing)
    else:
        await site.parts.glass.review(task, closing)


async def test_a_review_that_is_overdue_is_told_once_and_measured(site):
    async with breaker(site) as client:  # a Monday
        await send(client, "/break", 303, **WHY)
    site.clock.forward(days=2, hours=18)
    assert await figures(site) == {"broken": 0, "to-review": 1, "overdue": 0}
    await site.parts.glass.step()
    assert await entries(site, "deadline.missed") == []
    site.clock.now = datetime(2026, 3, 5, 5, tzinfo=UTC)  # Wednesday is over in the east
    for _ in range(2):
        await site.parts.glass.step()
    assert [entry.outcome for entry in await entries(site, "deadline.missed")] == ["overdue"]
    assert await figures(site) == {"broken": 0, "to-review": 0, "overdue": 1}


async def figures(site):
    registry = CollectorRegistry()
    await StoreFigures(site.parts, registry).refresh()
    name = "gateway_glass_reviews"
    return {stage.value: registry.get_sample_value(name, {"stage": stage.value}) for stage in Stage}


# --- without a console ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "days", "end"),
    [
        (MONDAY, 2, datetime(2026, 3, 5, 5, tzinfo=UTC)),
        (
            datetime(2026, 3, 6, 23, tzinfo=UTC),
            2,
            datetime(2026, 3, 11, 4, tzinfo=UTC),
        ),  # over a weekend and a changed clock
        (datetime(2026, 5, 22, 12, tzinfo=UTC), 1, datetime(2026, 5, 27, 4, tzinfo=UTC)),  # over Memorial Day
    ],
)
def test_working_days_are_those_of_federal_offices(broken, days, end):
    assert glass.review_by(broken, days) == end


def watch_of(database):
    town = Town()
    store = StoredGlass(database)
    return town, store, GlassWatch(store, town.scribe, lambda: town.now, town.mint, timedelta(minutes=15), 2)


async def test_the_store_takes_one_use_at_a_time_and_no_review_by_its_own_operator(database):
    town, store, watch = watch_of(database)
    asked = Breaking("vic", Role.VIEWER, Emergency.CARE, "call", town.now, town.now + timedelta(hours=8))
    use = await watch.breaks(asked)
    with pytest.raises(Conflict):
        await watch.breaks(asked)
    said = Review("sam", town.now, Verdict.REFERRED, "to personnel")
    entry = town.entry("glass.reviewed", f"glass:{use.id}")
    assert not await store.review(use.id, said, entry), "it is not over"
    await watch.ends("vic", End.GIVEN_BACK)
    assert not await store.review(use.id, Review("vic", town.now, Verdict.JUSTIFIED, "mine"), entry)
    assert await store.review(use.id, said, entry)
    assert not await store.review(use.id, said, entry)
    assert (await store.get(use.id)).review == said
    assert await store.list(reviewed=False) == ()
    assert await watch.breaks(asked), "another emergency"


async def test_a_task_is_listed_shown_and_closed_from_the_command_line(tmp_path, sqlite_url, monkeypatch):
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'secrets = "{tmp_path}/secrets"\n[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n'
    )
    async with archive(tmp_path, sqlite_url) as kept:
        base, watch = kept.base, glass_watch(kept.base)
        kept.now = now = datetime.now(UTC)
        for name, role in (("vic", Role.VIEWER), ("sam", Role.SECURITY_OFFICER)):
            entry = base.scribe.entry(Actor("operator", "setup"), "operator.added", f"operator:{name}")
            await base.stores.operators.add(Operator(name, role, "", break_glass=name == "vic"), entry)
        assert await unreviewed_glass(base) == "ok"
        breaking = Breaking("vic", Role.VIEWER, Emergency.COURT, "hearing at noon", now, now + timedelta(hours=1))
        use = await watch.breaks(breaking)
        assert "(broken)" in await unreviewed_glass(base)
        await watch.ends("vic", End.GIVEN_BACK)
        (row,) = json.loads((await command(config, "list", "--json")).stdout)
        assert (row["who"], row["state"], row["emergency"]) == ("vic", "to-review", "court-waits")
        assert json.loads((await command(config, "show", use.id, "--json")).stdout)["opened"] == []
        words = ("review", use.id, "--finding", "not-justified", "--note", "no hearing that day")
        for name, problem in (("vic", "glass-own"), ("root", "glass-role")):
            monkeypatch.setenv("LOGNAME", name)
            assert (await command(config, *words)).exception.problem == problem
        monkeypatch.setenv("LOGNAME", "sam")
        done = await command(config, *words, "--json")
        assert json.loads(done.stdout) == {"use": use.id, "finding": "not-justified"}
        assert await unreviewed_glass(base) == "ok"
        (_, reviewed) = (await base.stores.audit.about(f"glass:{use.id}"))[-1]
        assert (str(reviewed.actor), reviewed.outcome) == ("operator:sam@cli", "not-justified")


async def command(config, *words):
    return await asyncio.to_thread(CliRunner().invoke, app, ["--config", str(config), "glass", *words])
