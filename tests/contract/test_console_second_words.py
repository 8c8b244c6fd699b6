"""Two people in the console: big jobs and exports wait for another person; content is opened for a reason, in sight."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

import schemas
from gateway.core.disclosure import Way
from gateway.core.four_eyes import State
from gateway.core.model import Actor, Content, DeliveryId, Kind, Page, PartnerKey
from gateway.core.people import DOMAIN
from gateway.core.protected import Notice
from gateway.store.protection import write_notices
from gateway.store.tables import deliveries, overrides, records
from gateway.web import operations
from gateway.web.amending import shape
from tests.contract.console_forms import GROUP, send
from tests.contract.console_site import SEALER, StillClock, fill, log_in, posted, running
from tests.contract.test_console_second_factor import client_of, code_at, enrol, hidden, show
from transforms.canonical import Canonical

CANONICAL = Canonical(schemas.load())
SURNAME, BORN = "Employee/PersonName/PersonSurName", "Employee/PersonBirthDate"
CANARY = "Zzyzxova"


@pytest.fixture
async def site(sqlite_url, monkeypatch):
    monkeypatch.setattr(operations, "ALONE", 10)  # a storm of twelve is big enough here
    async with running(sqlite_url) as site:
        await fill(site)
        yield site


async def planned(client):
    return await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")


async def test_a_big_job_starts_once_another_person_agreed(site):
    async with site.browser("operator") as one, site.browser("data-steward") as other:
        plan = await planned(one)
        assert "need a second person" in await (await one.get(plan)).text()
        request = await send(one, plan + "/start")
        assert request.startswith("/approvals/")
        assert await send(one, plan + "/start") == request, "asking again asks nothing new"
        page = await (await one.get(request)).text()
        assert "You asked" in page
        assert "/decide" not in page
        await send(one, request + "/decide", 403, word="approve", reason="fine")
        page = await (await other.get(request)).text()
        assert all(told in page for told in ("partner is back", "retry", ">12<", "operator:operator"))
        await send(other, request + "/decide", word="approve", reason="called the partner")
        assert "Go on with it" in await (await one.get(request)).text()
        assert await send(one, plan + "/start") == plan
        assert "running" in await (await one.get(plan)).text()
    [used] = (await site.parts.approvals.list(Page(10))).rows
    assert (used.state, used.decided_by) == (State.USED, "operator:data-steward")


async def test_the_overview_tells_whoever_may_give_the_word_and_nobody_else(site):
    async with site.browser("operator") as one, site.browser("data-steward") as other, site.browser("viewer") as third:
        request = await send(one, await planned(one) + "/start")
        told = ["waits for your word" in await (await each.get("/")).text() for each in (one, other, third)]
        assert told == [False, True, False]
        await send(other, request + "/decide", word="refuse", reason="not today")
        assert "for your word" not in await (await other.get("/")).text()


async def test_the_list_tells_of_a_request_that_waits_on_a_later_page(sqlite_url, monkeypatch):
    monkeypatch.setattr(operations, "ALONE", 10)
    async with running(sqlite_url, page_size=1) as site:
        await fill(site)
        async with site.browser("operator") as one, site.browser("data-steward") as other:
            waits = await send(one, await planned(one) + "/start")
            newer = await send(one, await planned(one) + "/start")
            await send(other, newer + "/decide", word="refuse", reason="not today")
            page = await (await other.get("/approvals")).text()
            assert waits not in page
            assert "1 waits for somebody like you" in page
            await send(other, waits + "/decide", word="refuse", reason="not today")
            assert "Nothing waits for you" in await (await other.get("/approvals")).text()


async def test_control_a_job_within_the_limit_needs_nobody_else(site, monkeypatch):
    monkeypatch.setattr(operations, "ALONE", 12)
    async with site.browser("operator") as client:
        plan = await planned(client)
        assert await send(client, plan + "/start") == plan
    assert (await site.parts.approvals.list(Page(10))).rows == ()


async def test_a_refused_job_does_not_start(site):
    async with site.browser("operator") as one, site.browser("data-steward") as other:
        plan = await planned(one)
        request = await send(one, plan + "/start")
        await send(other, request + "/decide", word="refuse", reason="the partner is still down")
        assert await send(one, plan + "/start") != request, "it has to be asked anew"
        assert "planned" in await (await one.get(plan)).text()


@pytest.mark.parametrize("role", ["auditor", "admin", "security-officer"])
async def test_whoever_is_not_of_the_pair_sees_the_request_and_decides_nothing(site, role):
    async with site.browser("operator") as one, site.browser(role) as other:
        request = await send(one, await planned(one) + "/start")
        assert "Nothing waits for you" in await (await other.get("/approvals")).text()
        assert "/decide" not in await (await other.get(request)).text()
        await send(other, request + "/decide", 403, word="approve", reason="fine")


async def test_a_second_word_asks_for_a_second_factor_shown_just_now(sqlite_url):
    async with running(sqlite_url, second_factor=True, fresh=timedelta(0)) as site, site.browser() as client:
        await site.operator("pat", "admin")
        assert (await log_in(client, "pat")).headers["Location"].startswith("/login/second")
        answer = await client.get("/approvals", allow_redirects=False)
        assert answer.headers["Location"].startswith("/login/second")


async def test_the_second_factor_is_asked_for_before_the_word_is_filled_in(sqlite_url, monkeypatch):
    monkeypatch.setattr(operations, "ALONE", 10)
    async with running(sqlite_url, clock=StillClock(), second_factor=True) as site:
        await fill(site)
        async with client_of(site) as one, client_of(site) as other:
            await enrol(site, one, "pat", "operator")
            secret = await enrol(site, other, "kim", "data-steward")
            request = await send(one, await planned(one) + "/start")
            for _ in range(2):
                site.clock.forward(minutes=8)
                page = await (await other.get(request)).text()
            assert "/decide" not in page
            assert f'href="/login/second?next={request}"' in page
            shown = await (await other.get(f"/login/second?next={request}")).text()
            form = {**hidden(shown), "code": code_at(site, secret)}
            answer = await other.post("/login/second", data=form, allow_redirects=False)
            assert answer.headers["Location"] == request
            assert "/decide" in await (await other.get(request)).text(), "the control: now it may be given"
            await send(other, request + "/decide", word="approve", reason="called the partner")


async def test_an_export_is_taken_once_as_agreed_and_holds_metadata_alone(site):
    async with site.browser("operator") as one, site.browser("security-officer") as other:
        request = await send(one, "/records/export?view=all&party=ohio", reason="monthly count")
        export = "/exports/" + request.rsplit("/", 1)[1]
        await send(one, export, 409)
        await send(other, request + "/decide", word="approve", reason="known report")
        await posted(site, site.clock())  # what came since is not in it
        text = await send(one, export, 200)
        rows = list(csv.DictReader(io.StringIO(text)))
        [agreed] = (await site.parts.approvals.list(Page(10))).rows
        assert len(rows) == agreed.terms["records"] > 9
        assert all("ohio" in (row["sender"], row["recipient"]) for row in rows)
        assert set(rows[0]) == {
            *("id", "submission", "ordinal", "kind", "transaction", "sender"),
            *("recipient", "state", "reason", "received_at"),
        }
        await send(one, export, 409)
        [copy] = await site.parts.retention.extracts()
        assert (copy.what, copy.owner, copy.purpose) == ("records-list", "operator:operator", "monthly count")
    async with site.browser("data-steward") as thief:
        assert (await thief.get(export)).status == 404, "an export is for whoever asked"


async def test_an_export_holds_the_records_that_two_people_agreed_on_or_is_not_made(site):
    async with site.browser("operator") as one, site.browser("security-officer") as other:
        request = await send(one, "/records/export?view=all&state=routed", reason="monthly count")
        export = "/exports/" + request.rsplit("/", 1)[1]
        await send(other, request + "/decide", word="approve", reason="known report")
        async with site.database.write() as connection:
            refused = await connection.execute(
                update(records).where(records.c.id == site.ids["record"]).values(state="refused")
            )
        assert refused.rowcount == 1
        answer = await send(one, export, 409)
        assert "Other records match by now" in answer
        [agreed] = (await site.parts.approvals.list(Page(10))).rows
        assert agreed.state is State.APPROVED, "nothing was taken with it"
        assert list(await site.parts.retention.extracts()) == []


async def keep(site, label="records"):
    """A record whose content can be opened."""
    content = Content(Kind("new-hire"), {BORN: "1980-02-03", SURNAME: CANARY, "HireDate": "2026-01-31"})
    sealed = SEALER.seal(label, f"records.sealed:{site.ids['record']}", CANONICAL.write(content))
    async with site.database.write() as connection:
        await connection.execute(update(records).where(records.c.id == site.ids["record"]).values(sealed=sealed))
    return f"/records/{site.ids['record']}/content"


async def read(site):
    entries = [e for e in await site.parts.audit.unsequenced(1000) if e.action == "record.read"]
    return [(str(e.actor), e.outcome, e.details["shown"], e.details["reason"]) for e in entries]


async def test_content_is_opened_for_a_reason_as_shapes_and_value_by_value(sqlite_url):
    async with running(sqlite_url, canonical=CANONICAL) as site, site.browser("data-steward") as client:
        await fill(site)
        path = await keep(site)
        assert "Open it" in await (await client.get(path)).text()
        await send(client, path, 422)
        assert await read(site) == [], "nothing was opened"
        masked = await send(client, path, 200, reason="call of the county")
        assert SURNAME in masked
        assert CANARY not in masked
        assert "1980" not in masked
        shown = await send(client, path, 200, reason="call of the county", path=SURNAME)
        assert CANARY in shown
        assert "1980" not in shown
        who = "operator:data-steward"
        assert await read(site) == [
            (who, "masked", "", "call of the county"),
            (who, "shown", SURNAME, "call of the county"),
        ]
        async with site.browser("auditor") as auditor:
            listed = await (await auditor.get("/audit")).text()
        assert who in listed.partition("Who read content")[2].partition("</table>")[0]


async def test_content_asks_for_a_second_factor_shown_within_a_quarter_of_an_hour(sqlite_url):
    clock = StillClock()
    async with (
        running(sqlite_url, clock, canonical=CANONICAL, second_factor=True, idle=timedelta(hours=1)) as site,
        site.browser() as client,
    ):
        await fill(site)
        path = await keep(site)
        secret = await enrol(site, client)
        clock.forward(minutes=15)
        assert (await client.get(path, allow_redirects=False)).status == 200
        clock.forward(seconds=1)
        asked = await client.get(path, allow_redirects=False)
        assert asked.headers["Location"].startswith("/login/second?next=")
        assert (await show(client, code_at(site, secret))).status == 303
        assert (await client.get(path, allow_redirects=False)).status == 200


def test_a_shape_says_nothing_of_the_value():
    assert {shape(one) for one in ("900123456", "900654321")} == {"9 digits"}
    assert {shape(one) for one in ("1980-02-03", "2026-01-31")} == {"a day"}
    assert {shape(one) for one in (CANARY, "Li")} == {"short text"}


# --- an order of a court ----------------------------------------------------------------------------------------------


async def endangered(site):
    """A record about a protected person."""
    content = Content(Kind("locate-answer"), {"PersonSSNIdentification": "900123456"})
    record = site.ids["record"]
    sealed = SEALER.seal("records", f"records.sealed:{record}", CANONICAL.write(content))
    person = site.parts.indexer.index(DOMAIN, "900123456")
    async with site.database.write() as connection:
        chosen = update(records).where(records.c.id == record)
        await connection.execute(chosen.values(sealed=sealed, persons=person))
        await write_notices(connection, [Notice(person, PartnerKey("ohio"), record, site.clock())])
    return record


async def test_an_order_of_a_court_is_entered_when_a_security_officer_agrees(sqlite_url):
    async with (
        running(sqlite_url, canonical=CANONICAL) as site,
        site.browser("data-steward") as one,
        site.browser("security-officer") as other,
        site.browser("operator") as third,
    ):
        await fill(site)
        path = f"/records/{await endangered(site)}"
        page = await (await one.get(path)).text()
        assert "1: PersonSSNIdentification" in page
        assert "900123456" not in page
        assert "Enter an order" not in await (await third.get(path)).text()
        today = site.clock().date()
        paper = {"person": "1", "court": "39-CP-0001", "ordered_on": str(today), "expires_on": str(today)}
        await send(third, path + "/override", 403, **paper, reason="order")
        await send(one, path + "/override", 422, **(paper | {"court": "Jane Doe"}), reason="order")
        await send(one, path + "/override", 400, **(paper | {"ordered_on": "today"}), reason="order")
        request = await send(one, path + "/override", **paper, reason="order of the court")
        await send(one, request + "/decide", 403, word="approve", reason="fine")
        assert await site.parts.court.list(10) == ()
        page = await (await other.get(request)).text()
        assert all(told in page for told in ("39-CP-0001", "PersonSSNIdentification", "go to a court"))
        await send(other, request + "/decide", word="approve", reason="paper seen")
        ((order, _),) = [(one.order, one.standing) for one in await site.parts.court.list(10)]
        assert (order.requested_by, order.approved_by) == ("operator:data-steward", "operator:security-officer")
        way = Way(DeliveryId((await site.parts.records.deliveries(order.request))[0].id), order.request)
        await used(site, order, way)
        for told in (path, f"/deliveries/{way.delivery}"):
            assert f"It left once by order {order.id}" in await (await one.get(told)).text()
        await stands(site, other, order, way)


async def stands(site, client, order, way):
    """The list and the page of the order, on the way and when it came to nothing."""
    assert "leaving" in await (await client.get("/overrides")).text()
    async with site.database.write() as connection:
        await connection.execute(update(deliveries).where(deliveries.c.id == way.delivery).values(state="dead"))
    assert "1 answer that a court ordered did not arrive" in await (await client.get("/")).text()
    page = await (await client.get("/overrides")).text()
    assert all(told in page for told in ("1 did not arrive", order.id, order.request, "39-CP-0001"))
    assert f"/records/{order.request}" not in page, "a security officer has no business there"
    page = await (await client.get(f"/overrides/{order.id}")).text()
    assert all(told in page for told in ("The court does not have the answer", "override.entered", way.delivery))
    assert "override.used" in page
    assert "900123456" not in page
    own = await moved(site, way)
    page = await (await client.get(f"/overrides/{order.id}")).text()
    assert all(told in page for told in (own, "override.used")), (
        "it was used up in the delivery that it was taken out of"
    )
    assert (await client.get("/overrides/nothing")).status == 404


async def moved(site, way):
    """The record was taken out of the delivery in which its order was used up."""
    own, actor = DeliveryId(site.parts.mint()), Actor("gateway", "dispatcher")
    details = {"from": way.delivery, "record": way.record}
    entry = site.parts.scribe.entry(actor, "delivery.withheld", f"delivery:{own}", "disclosure-label", details)
    await site.parts.audit.write([entry])
    async with site.database.write() as connection:
        await connection.execute(update(overrides).where(overrides.c.delivery == way.delivery).values(delivery=own))
    return own


async def used(site, order, way):
    async with site.database.write() as connection:
        await connection.execute(update(deliveries).where(deliveries.c.id == way.delivery).values(state="claimed"))
    dispatcher, details = Actor("gateway", "dispatcher"), {"order": order.id}
    entry = site.parts.scribe.entry(dispatcher, "override.used", f"delivery:{way.delivery}", "ok", details)
    assert await site.parts.court.overrides.spend([order], way, site.clock(), [entry])
