"""What operators see and do: every screen on real rows, repairs one by one and in bulk, live pages."""

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import unquote, urlencode

import pytest
import structlog
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from gateway.core.causes import cause_of
from gateway.core.erasure import Erasure, Run, RunState
from gateway.core.errors import Tampered, Unavailable
from gateway.core.model import (
    Actor,
    DeliveryId,
    DeliveryState,
    Fault,
    Finding,
    JobId,
    Kind,
    Page,
    PartnerKey,
    RecordId,
    RecordState,
    RuleCode,
    Settlement,
    Severity,
)
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.roles import Role as OperatorRole
from gateway.core.succession import FILE_OLDER, Turn
from gateway.docs.access import answer, console_routes
from gateway.store.intake import StoredIntake
from gateway.store.losses import write_losses
from gateway.store.retention import StoredRetention
from gateway.store.spool import StoredSpool
from gateway.store.tables import records
from gateway.store.turns import take_turns
from gateway.telemetry import configure_logs
from gateway.web.console import pages, vendor
from gateway.web.console.application import console_application
from gateway.web.console.visit import LONGEST_FIELD
from gateway.work.directory import DirectoryWatch
from tests.contract.console_forms import GROUP, send
from tests.contract.console_site import PASSWORD, RULE, between, fill, log_in, running, token
from tests.contract.owed import Town
from tests.contract.store_samples import acceptance, finding, judged_record, submission

GET = [route for route in console_routes() if route.method == "GET"]
NOBODY = "01a2030a-7dcf-7000-9fe2-bc462ff396fa"


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, live_every=timedelta(milliseconds=50)) as site:
        await fill(site)
        yield site


async def text(client, path, status=200):
    answer = await client.get(path)
    assert answer.status == status, path
    return await answer.text()


async def test_the_overview_names_what_is_wrong_and_shows_the_same_figures_as_plot_and_table(site):
    async with site.browser("operator") as client:
        page = await text(client, "/")
    assert page.count('class="gw-tile ') == 6
    assert "https-503" in page
    assert "breaker open" in page
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg" role="img"') == 2
    assert "Backlog by partner as a table" in page
    assert "DEMO" in page


@pytest.mark.parametrize("role", ["viewer", "admin"])
async def test_no_figure_leads_to_a_page_that_the_role_may_not_see(site, role):
    async with site.browser(role) as client:
        for path in ("/", "/queues", "/partners"):
            found = set(re.findall(r'<a [^>]*href="(/[^"#?]*)', await text(client, path)))
            assert len(found) > 5
            assert {one for one in found if not opens(one, OperatorRole(role))} == set()


async def test_of_partners_a_partner_admin_is_led_to_its_own_alone(site):
    (owed,) = await site.parts.records.deliveries(site.ids["record"])
    pages = (f"/deliveries/{owed.id}", f"/records/{site.ids['record']}", f"/submissions/{site.ids['submission']}")
    async with site.browser("partner-admin") as client:
        shown = [await text(client, page) for page in pages]
    assert {one for page in shown for one in re.findall(r'href="/partners/([^"]+)"', page)} == {"ohio"}
    async with site.browser("operator") as client:
        assert f'href="/partners/{owed.partner}"' in await text(client, pages[0])


def test_the_check_of_links_knows_a_page_that_a_role_may_not_see():
    """The control."""
    assert not opens("/dead", OperatorRole.ADMIN)
    assert opens("/dead", OperatorRole.OPERATOR)


def opens(path, role):
    """Whether the table of routes lets the role see the page."""
    route = next(one for one in GET if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), path))
    return answer(route, role) in ("yes", "own", "open", "half")


async def test_a_dead_letter_and_its_group_say_what_to_do(site):
    async with site.browser("operator") as client:
        for path in (f"/dead/group?{urlencode(GROUP)}", f"/deliveries/{site.ids['delivery']}"):
            page = await text(client, path)
            assert "What to do:" in page
            assert cause_of("https-503", ()).meaning[1:] in page
        (owed,) = await site.parts.records.deliveries(site.ids["record"])
        assert "What to do:" not in await text(client, f"/deliveries/{owed.id}")


async def test_after_a_retry_the_delivery_says_what_happens_next_and_what_keeps_it(site):
    path = f"/deliveries/{site.ids['delivery']}"
    async with site.browser("operator") as client:
        assert "What happens next" not in await text(client, path)
        await send(client, path + "/retry", reason="partner is back")
        page = await text(client, path)
    assert "<title>Delivery pending" in page
    assert "its breaker is open" in page
    assert "A retry sends the same bytes" not in page


async def test_the_reasons_of_two_forms_on_one_page_are_told_apart_by_their_labels(site):
    async with site.browser("operator") as client:
        page = await text(client, f"/deliveries/{site.ids['delivery']}")
    labels = re.findall(r"<label[^>]*>([^<]+)</label>", page)
    assert {"Reason to retry", "Reason to withdraw"} <= set(labels)
    assert len(labels) == len(set(labels))


async def test_boxes_to_tick_are_for_those_who_may_act_on_them(site):
    path = f"/dead/group?{urlencode(GROUP)}"
    async with site.browser("auditor") as client:
        page = await text(client, path)
    assert site.ids["delivery"] in page
    assert "checkbox" not in page
    async with site.browser("operator") as client:
        assert page.count("<tr>") == (await text(client, path)).count('type="checkbox"')


async def test_a_delivery_names_its_records(site):
    (owed,) = await site.parts.records.deliveries(site.ids["record"])
    async with site.browser("operator") as client:
        assert f"/records/{site.ids['record']}" in await text(client, f"/deliveries/{owed.id}")


async def test_queues_show_partners_without_traffic_too(site):
    async with site.browser("operator") as client:
        page = await text(client, "/queues")
    for name in ("Ohio Office", "Iowa Child", "Texas Child", "TANF Agency"):
        assert name in page
    assert "0, nobody listens" in page
    assert "does not shrink" in page
    row = page[page.index("Texas Child") :]
    figures = re.findall(r'<td class="gw-num">([^<]*)</td>', row[: row.index("</tr>")])
    assert figures[-4:] == ["14", "12", "+2", "2"], "in, out, change and consumers"


async def test_records_show_first_what_needs_attention_and_filter_by_business_keys(site):
    async with site.browser("operator") as client:
        first = await text(client, "/records")
        assert "unroutable</span>" in first
        assert "refused</span>" in first
        assert "routed</span>" not in first
        assert "routed</span>" in await text(client, "/records?view=all")
        every = "/records?view=all&party=ohio&kind=locate&since=2020-01-01&until=2200-01-01T12:00&state=refused"
        assert "3 shown" in await text(client, every)
        assert "0 shown" in await text(client, "/records?view=all&sender=texas")
        await text(client, "/records?state=nonsense", 400)
        await text(client, "/records?since=0001-01-01&until=9999-12-31T23:59")
        await text(client, "/records?since=yesterday", 400)
        await text(client, "/records?cursor=nonsense&view=all", 400)


async def test_a_time_with_an_offset_is_meant_as_it_says(site):
    async with site.browser("auditor") as client:
        page = await text(client, "/records?since=2026-11-30T16:00%2B05:00&until=2026-11-30T16:00")
        assert re.findall(r'name="(?:since|until)" value="([^"]*)"', page) == ["2026-11-30T11:00", "2026-11-30T16:00"]
        await text(client, "/records?since=0001-01-01T00:00%2B14:00", 400)


async def case(client, **form):
    """The page of what was found for a case, and its address."""
    where = await send(client, "/records/case", **form)
    assert form["case_id"] not in unquote(where)
    return await text(client, where), where


async def test_a_case_is_found_by_its_id_which_never_stands_in_an_address(site):
    async with site.browser("operator") as client:
        for form in ({"case_id": "C-42"}, {"case_id": "C-42", "sender": "ohio"}):
            page, _ = await case(client, **form)
            assert "3 shown" in page
            assert "C-42" not in page
        assert "0 shown" in (await case(client, case_id="C-43"))[0]
        assert "0 shown" in (await case(client, case_id="C-42", sender="texas"))[0]


async def test_who_looks_for_a_case_is_written_down_without_the_case(site):
    async with site.browser("operator") as client:
        await case(client, case_id="C-42")
        await case(client, case_id="C-43")
        await send(client, "/records/case", 400, case_id="")
    told = [one for one in await site.parts.audit.unsequenced(1_000) if one.action == "case.searched"]
    assert [(str(one.actor), one.details["count"], len(str(one.details["found"]).split())) for one in told] == [
        ("operator:operator", 3, 3),
        ("operator:operator", 0, 0),
    ]
    assert "C-42" not in repr(told)


async def test_the_records_of_a_case_go_on_page_by_page_and_only_for_who_asked(sqlite_url):
    async with running(sqlite_url, page_size=2) as site:
        await fill(site)
        async with site.browser("operator") as client, site.browser("data-steward") as other:
            page, where = await case(client, case_id="C-42")
            seen = []
            assert "Next page" in page
            while where:
                page = await text(client, where)
                seen += re.findall(r"/records/([0-9a-f-]{36})", page)
                assert "C-42" not in page
                assert "out of date" in await text(other, where, 400)
                where = next(iter(re.findall(r'<a href="([^"]+)">Next page', page)), "").replace("&amp;", "&")
            assert len(seen) == len(set(seen)) == 3
            for nonsense in ("", "?search=", "?search=%25", "?search=AAAA", "?search=%C3%A9", f"?search={'A' * 2000}"):
                assert "out of date" in await text(client, "/records/case" + nonsense, 400)


async def test_a_record_far_down_in_a_file_of_many_findings_shows_its_own(site):
    taken = submission("a long file")
    refused = {"state": RecordState.REFUSED}
    first = judged_record(taken.id, 1, findings=(finding("CSENET-OTHER", 1),) * 2_100, **refused)
    last = judged_record(taken.id, 2, findings=(finding(RULE, 2, Severity.ERROR, "Birth-Date"),), **refused)
    intake = StoredIntake(site.database)
    await intake.accept(acceptance(taken, first, last))
    await intake.close()
    async with site.browser("operator") as client:
        page = await text(client, f"/records/{last.record.id}")
    assert "Birth-Date" in page
    assert f"/rules/{RULE}" in page
    assert "CSENET-OTHER" not in page


async def test_lists_go_on_where_they_stopped(sqlite_url):
    async with running(sqlite_url, page_size=4) as site:
        await fill(site)
        async with site.browser("operator") as client:
            for start, least in (("/records?view=all", 9), ("/records", 5)):
                seen, path = [], start
                while path:
                    page = await text(client, path)
                    seen += re.findall(r"/records/([0-9a-f-]{36})", page)
                    found = re.search(r'href="([^"]+)">Next page', page)
                    path = found[1].replace("&amp;", "&") if found else None
                assert len(seen) == len(set(seen)) > least


async def test_a_record_shows_its_steps_findings_and_proof(site):
    async with site.browser("operator") as client:
        page = await text(client, f"/records/{site.ids['refused']}")
        assert "The date is no date. Use YYYYMMDD." in page
        assert "A record has blocking findings".lower() in page.lower()
        assert "gw-step--bad" in page
        proof = await client.get(f"/records/{site.ids['record']}/proof")
        assert proof.headers["Content-Disposition"].startswith("attachment")
        assert await proof.text() == f"a proof of {site.ids['record']}\n"
        await text(client, f"/records/{NOBODY}", 404)


async def test_a_record_and_its_delivery_show_what_the_partner_s_format_could_not_carry(site):
    (owed,) = await site.parts.records.deliveries(site.ids["record"])
    lost = Finding(RuleCode("FIX-NOT-CARRIED"), Severity.NOTICE, path="Case/Contact/EmailAddress", note="1 times")
    settled = Settlement(owed.id, "test", DeliveryState.DELIVERED, site.clock(), None, findings=(lost,))
    async with site.database.write() as connection:
        await write_losses(connection, [settled])
    async with site.browser("operator") as client:
        for path in (f"/records/{site.ids['record']}", f"/deliveries/{owed.id}"):
            page = await text(client, path)
            assert "Not carried" in page
            assert "FIX-NOT-CARRIED" in page
            assert lost.path in page


async def test_a_submission_shows_its_findings_by_rule_and_its_receipt_as_sent(site):
    async with site.browser("operator") as client:
        page = await text(client, f"/submissions/{site.ids['submission']}")
        assert "CSE-DATE-INVALID" in page
        stored = await site.parts.submissions.get(site.ids["submission"])
        receipt = await client.get(f"/submissions/{site.ids['submission']}/receipt")
        assert await receipt.read() == stored.receipt
        assert f"/submissions/{stored.id}/receipts/final" not in page
        assert "here once everything has ended" in page
        signed = await client.get(f"/submissions/{stored.id}/receipts/accepted")
        assert (await signed.read()).count(b".") == 2
        assert signed.headers["Content-Disposition"].startswith("attachment")
        assert (await client.get(f"/submissions/{stored.id}/receipts/final")).status == 409
        assert (await client.get(f"/submissions/{stored.id}/receipts/other")).status == 404


async def test_a_held_submission_is_on_the_overview_and_is_judged_again_for_a_reason(site):
    posted = submission("held", spooled=True, at=site.clock())
    await StoredIntake(site.database).accept(acceptance(posted))
    await StoredSpool(site.database, site.clock).claim("a", site.clock(), site.clock() + timedelta(minutes=2))
    entry = site.parts.scribe.entry(Actor("gateway", "intake"), "submission.held", f"submission:{posted.id}")
    assert await site.parts.held_bodies.hold("a", posted.id, "internal", entry)
    where = f"/submissions/{posted.id}"
    async with site.browser("operator") as client:
        assert "1 submission is held" in await text(client, "/")
        assert where in await text(client, "/submissions?state=held")
        page = await text(client, where)
        assert "The gateway itself failed at it" in page
        await send(client, f"{where}/retry", reason="mended")
        assert "Judge it again" not in await text(client, where)
        assert "1 submission is held" not in await text(client, "/")


async def test_a_finding_leads_to_the_page_of_its_rule_and_rules_are_found_by_their_words(site):
    async with site.browser("operator") as client:
        for page in (f"/records/{site.ids['refused']}", f"/submissions/{site.ids['submission']}"):
            assert 'href="/rules/CSE-DATE-INVALID"' in await text(client, page)
        rule = await text(client, "/rules/CSE-DATE-INVALID")
        for told in ("The date is no date", "Use YYYYMMDD.", "The record is refused", "in force, from 2020-01-01"):
            assert told in rule
        assert "CSE-DATE-INVALID" in await text(client, "/rules?q=yyyymmdd+DATE&severity=error")
        for nothing in ("q=no+such+words", "q=date&severity=warning"):
            assert "CSE-DATE-INVALID" not in await text(client, f"/rules?{nothing}")
        assert await send(client, "/find", id=" cse-date-invalid ") == "/rules/CSE-DATE-INVALID"
        await text(client, "/rules/CSE-NONSENSE", 404)


@pytest.mark.parametrize(
    ("key", "place"), [("record", "records"), ("submission", "submissions"), ("delivery", "deliveries")]
)
async def test_one_box_finds_any_id_however_it_is_pasted(site, key, place):
    async with site.browser("operator") as client:
        for written in ("{}", " {} ", "{}".upper(), f"{key}:{{}}", "urn:uuid:{}"):
            location = await send(client, "/find", id=written.format(site.ids[key]))
            assert location == f"/{place}/{site.ids[key]}"


async def test_the_box_finds_the_submission_of_a_receipt_that_is_pasted_whole(site):
    async with site.browser("operator") as client:
        receipt = await text(client, f"/submissions/{site.ids['submission']}/receipt")
        assert len(receipt) > LONGEST_FIELD
        assert await send(client, "/find", id=receipt) == f"/submissions/{site.ids['submission']}"


@pytest.mark.parametrize(("before", "status"), [(19, 303), (20, 404)])
async def test_of_many_ids_that_are_pasted_the_first_twenty_are_looked_for(site, before, status):
    unknown = " ".join(NOBODY[:-2] + f"{number:02x}" for number in range(before))
    async with site.browser("operator") as client:
        await send(client, "/find", status, id=f"{unknown} {unknown} {site.ids['record']}")


async def test_the_box_finds_partners_and_says_when_it_finds_nothing(site):
    async with site.browser("operator") as client:
        assert await send(client, "/find", id="Texas") == "/partners/texas"
        assert "No record" in await send(client, "/find", 404, id=NOBODY)
        page = await send(client, "/find", 404, id="900-12-3456")
        assert "900-12-3456" not in page


async def test_a_partner_s_wire_keys_are_shown_with_their_stage_and_the_days_they_have_left(site):
    async with site.browser("operator") as client:
        page, other = await text(client, "/partners/texas"), await text(client, "/partners/iowa")
    assert "c" * 64 in page
    assert ">20<" in page
    assert "Keys of wire protection" not in other


async def test_the_last_file_of_a_partner_s_series_is_shown_where_the_order_of_files_is_asked_for(site):
    late = Finding(FILE_OLDER, Severity.FATAL)
    last = Turn(PartnerKey("texas"), "fcr-input:48", site.ids["submission"], (), "20260302", late)
    async with site.database.write() as connection:
        assert await take_turns(connection, [last]) == {}
    async with site.browser("operator") as client:
        page, other = await text(client, "/partners/texas"), await text(client, "/partners/iowa")
    assert "fcr-input:48" in page
    assert ">20260302<" in page
    assert "Order of the files" not in other


async def test_what_a_partner_attests_of_its_locate_requests_is_shown(site):
    async with site.browser("operator") as client:
        asked, other = await text(client, "/partners/texas"), await text(client, "/partners/iowa")
    assert "attestation ended 2020-12-31" in asked
    assert "only with the attestation 2026-11-29.0a1b2c3d" in asked
    assert "Locat" not in other.replace("Locators", "")


async def test_where_a_partner_s_endpoint_lies_is_shown_when_its_file_says_so(site):
    async with site.browser("operator") as client:
        said, silent = await text(client, "/partners/tanf"), await text(client, "/partners/texas")
    assert "mailbox, in GU<" in said
    assert "https<" in silent


async def test_a_partner_is_paused_and_resumed_with_a_reason(site):
    async with site.browser("operator") as client:
        await send(client, "/partners/texas/pause", 422, reason="")
        await send(client, "/partners/texas/pause", reason="maintenance over there")
        assert (await site.parts.directory()).partners["texas"].paused
        assert "paused" in await text(client, "/partners/texas")
        await send(client, "/partners/texas/resume", reason="they are back")
        assert not (await site.parts.directory()).partners["texas"].paused
    entries = [entry for _, entry in await site.parts.audit.about("partner:texas")]
    assert [(entry.action, str(entry.actor)) for entry in entries if entry.action != "partner.applied"] == [
        ("partner.paused", "operator:operator"),
        ("partner.resumed", "operator:operator"),
    ]


async def test_a_partner_s_page_says_that_it_is_paused_as_soon_as_somebody_paused_it(site):
    picture = DirectoryWatch(site.parts.partners)  # a serving process looks for something newer once a second only
    await picture.refresh()
    application = console_application(replace(site.parts, directory=picture.fresh), site.settings)
    async with TestServer(application) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as one:
        client = SimpleNamespace(
            get=lambda path, **how: one.get(server.make_url(path), **how),
            post=lambda path, **how: one.post(server.make_url(path), **how),
        )
        await site.operator("pat", "operator")
        await log_in(client, "pat")
        for turn, said, offered in (("pause", "paused", "Resume"), ("resume", "active", "Pause")):
            page = await text(client, await send(client, f"/partners/ohio/{turn}", reason="maintenance"))
            assert f">{said}</span>" in between(page, "<h1>", "</div>")
            assert f"{offered} deliveries" in page
            assert f">{said}</span>" in between(await text(client, "/partners"), "/partners/ohio", "</tr>")


async def test_a_dead_letter_is_retried_and_a_second_click_is_told_so(site):
    path = f"/deliveries/{site.ids['delivery']}"
    async with site.browser("operator") as client:
        await send(client, path + "/retry", 422, reason="call 555 123 4567")
        assert await send(client, path + "/retry", reason="partner is back") == path
        assert "cannot be retried" in await send(client, path + "/retry", 409, reason="partner is back")
        await send(client, path + "/withdraw", reason="sent by mail")
    found = await site.parts.desk.get(DeliveryId(site.ids["delivery"]))
    assert found.state is DeliveryState.WITHDRAWN


async def test_a_dead_letter_shows_its_attempts(site):
    async with site.browser("auditor") as client:
        page = await text(client, f"/deliveries/{site.ids['delivery']}")
    assert page.count("503 busy") >= 4
    assert "Retry this delivery" not in page


async def test_deliveries_are_listed_by_partner_and_state(site):
    async with site.browser("operator") as client:
        assert "12 shown" in await text(client, "/deliveries?partner=texas&state=dead")
        assert "0 shown" in await text(client, "/deliveries?partner=texas&state=held")
        await text(client, "/deliveries?state=nonsense", 400)


async def test_the_console_can_be_mounted_below_a_prefix(sqlite_url):
    async with running(sqlite_url, prefix="/console") as site:
        whole = web.Application()
        whole.add_subapp("/console", console_application(site.parts, site.settings))
        runner = web.AppRunner(whole)
        await runner.setup()
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        await site.operator("pat")
        async with ClientSession(
            f"http://127.0.0.1:{runner.addresses[0][1]}", cookie_jar=CookieJar(unsafe=True)
        ) as one:
            page = await (await one.get("/console/queues")).text()
            form = {"name": "pat", "password": PASSWORD, "next": between(page, 'name="next" value="', '"')}
            form["csrf"] = between(page, 'name="csrf" value="', '"')
            answer = await one.post("/console/login", data=form)
            assert answer.url.path == "/console/queues"
            page = await answer.text()
            assert "Content-Security-Policy" in answer.headers
            inside = re.findall(r'(?:href|action|src|connect)="(/[^"]*)"', page)
            assert [path for path in inside if not path.startswith("/console/")] == []
            for path in inside:
                if path.startswith("/console/static"):
                    assert (await one.get(path)).status == 200
        await runner.cleanup()


async def test_the_three_kinds_of_fault_never_mix(site):
    async with site.browser("operator") as client:
        first, mine, ours = [await text(client, f"/dead?fault={one}") for one in ("partner", "record", "gateway")]
    assert "https-503" in first
    assert "csenet-too-wide" not in first
    assert "csenet-too-wide" in mine
    assert "https-503" not in mine
    assert "key-missing" in ours


async def test_the_plot_of_dead_letters_has_one_bar_for_each_cause_and_partner(sqlite_url):
    async with running(sqlite_url) as site:
        await fill(site)
        town = Town()
        more = {"state": DeliveryState.DEAD, "settled_at": town.now, "fault": Fault.PARTNER}
        for number in range(7):
            await town.owe(site.database, 1, PartnerKey("ohio"), cause=f"http-40{number}", **more)
        await town.owe(site.database, 5, PartnerKey("texas"), cause="https-503", kind=Kind("case-transfer"), **more)
        async with site.browser("operator") as client:
            page = await text(client, "/dead?fault=partner")
    bars = re.findall(r">([^<]+)</text><rect[^>]*/><text[^>]*>([^<]+)<", page)
    assert bars[:2] == [("https-503, texas", "17"), ("sftp-host-key, iowa", "3")]
    assert (len(bars), len(dict(bars))) == (8, 8)
    assert "27 dead letters in 10 groups; the biggest first. The plot shows 8 of 9." in page


@pytest.mark.parametrize("other", [{"kind": Kind("case-transfer")}, {"fault": Fault.RECORD}])
async def test_the_pages_of_a_group_are_full_whatever_else_the_partner_failed_with(sqlite_url, other):
    async with running(sqlite_url, page_size=5) as site:
        await fill(site)
        town = Town()
        town.now = site.clock()
        more = {
            "state": DeliveryState.DEAD,
            "settled_at": town.now,
            "cause": "https-503",
            "fault": Fault.PARTNER,
            **other,
        }
        await town.owe(site.database, 12, PartnerKey("texas"), **more)
        async with site.browser("operator") as client:
            shown, path = [], f"/dead/group?{urlencode(GROUP)}"
            while path:
                page = await text(client, path)
                shown.append(page.count('name="delivery"'))
                following = re.search(r'gw-more">.*?<a href="([^"]+)"', page)
                path = html.unescape(following[1]) if following else None
            assert shown == [5, 5, 2]
            job = await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="x")
            assert "retry 12 deliveries" in await text(client, job)


async def test_all_that_match_are_frozen_planned_and_started_once(site):
    async with site.browser("operator") as client:
        plan = await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
        page = await text(client, plan)
        assert "Plan: retry 12 deliveries" in page
        assert "Start: retry 12" in page
        assert await send(client, plan + "/start") == plan
        assert await send(client, plan + "/start") == plan
        assert "running" in await text(client, plan)
    job = JobId(plan.rsplit("/", 1)[1])
    frozen = await site.parts.jobs.next(job, 100)
    wanted = await site.parts.desk.list(DeliveryQuery(cause="https-503", state=DeliveryState.DEAD), Page(100))
    assert set(frozen) == {one.id for one in wanted.rows}


async def test_only_the_ticked_ones_are_planned(site):
    async with site.browser("operator") as client:
        page = await text(client, "/dead/group?" + "&".join(f"{k}={v}" for k, v in GROUP.items()))
        ids = re.findall(r'name="delivery" value="([^"]+)"', page)
        assert len(ids) == 12
        csrf = await token(client)
        fields = [("csrf", csrf), ("scope", "selected"), ("action", "withdraw"), ("reason", "sent by mail")]
        fields += [*GROUP.items(), ("delivery", ids[0]), ("delivery", ids[5])]
        answer = await client.post("/dead/plan", data=fields, allow_redirects=False)
        job = JobId(answer.headers["Location"].rsplit("/", 1)[1])
        assert set(await site.parts.jobs.next(job, 100)) == {ids[0], ids[5]}
        answer = await client.post("/dead/plan", data=fields[:-2], allow_redirects=False)
        assert answer.status == 400
        assert "Nothing is selected" in await answer.text()


async def test_a_big_plan_must_be_confirmed_by_typing_its_number(sqlite_url):
    async with running(sqlite_url, confirm_above=10) as site:
        await fill(site)
        async with site.browser("operator") as client:
            plan = await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
            assert "Type 12 to confirm" in await text(client, plan)
            await send(client, plan + "/start", 400)
            await send(client, plan + "/start", 400, number="11")
            await send(client, plan + "/start", number="12")


async def test_who_may_not_withdraw_does_not_start_the_plan_of_somebody_who_may(site):
    async with site.browser("operator") as one, site.browser("data-steward") as other:
        plan = await send(one, "/dead/plan", **GROUP, scope="all", action="withdraw", reason="sent by mail")
        assert f'action="{plan}/start"' not in await text(other, plan)
        assert "Your role does not allow to withdraw." in await send(other, plan + "/start", 403)
        assert (await site.parts.jobs.get(JobId(plan.rsplit("/", 1)[1]))).state == "planned"
        assert f'action="{plan}/start"' in await text(one, plan)
        await send(one, plan + "/start")
        again = await send(one, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
        assert f'action="{again}/start"' in await text(other, again)
        await send(other, again + "/start")


async def test_a_plan_can_be_dropped_and_then_not_be_started(site):
    async with site.browser("operator") as client:
        plan = await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
        await send(client, plan + "/cancel")
        assert "cancelled" in await text(client, plan)
        await send(client, plan + "/start", 409)


async def test_an_api_key_is_revoked_by_an_admin(site):
    async with site.browser("admin") as client:
        assert "partner:ohio" in await text(client, "/accounts")
        await send(client, "/accounts/keys/k1/revoke", reason="left the project")
        assert await site.parts.callers.find("k1") is None
        await send(client, "/accounts/keys/k1/revoke", 404, reason="left the project")


async def test_the_audit_page_shows_the_signed_note_and_the_entries_on_one_thing(site):
    async with site.browser("auditor") as client:
        page = await text(client, f"/audit?object=record:{site.ids['record']}")
    assert "gateway.example/log" in page
    assert "record.accepted" in page


async def test_checks_are_shown_as_they_were_last_read(site):
    async with site.browser("operator") as client:
        page = await text(client, "/system")
    assert "The broker is not connected." in page
    assert "Retry deliveries, one or in bulk" in page


async def test_the_pages_with_policies_say_who_signed_them(site):
    async with site.browser("auditor") as client:
        system, retention = await text(client, "/system"), await text(client, "/retention")
    assert "retention 2026-test, signed by ohio.example/anna" in system
    assert "This policy is signed by ohio.example/anna." in retention


async def test_a_store_that_is_away_gives_a_page_that_says_when_to_come_back(site):
    async with site.browser("operator") as client:

        async def away(*_):
            raise Unavailable("The store does not answer.", retry_after=timedelta(seconds=7))

        site.parts.desk.queues = away
        answer = await client.get("/queues?window=24h")
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Refresh"]) == (503, "7", "7")
        page = await answer.text()
        assert "The store does not answer." in page
        assert 'href="/queues?window=24h"' in page
        site.parts.desk.list = away
        posted = await client.post(
            "/dead/plan", data={**GROUP, "scope": "all", "action": "retry", "reason": "x", "csrf": await token(client)}
        )
        assert (posted.status, "Refresh" in posted.headers) == (503, False), "a form is not sent again by itself"


@pytest.mark.parametrize(
    "address", ["/records?sender=a%00b", "/records/%00", "/deliveries/%00", "/jobs/%00", "/audit?object=%00"]
)
async def test_an_address_with_a_nul_is_refused_and_breaks_nothing(postgres_url, address):
    async with running(postgres_url) as site, site.browser("auditor") as client:
        assert "A NUL character is no text." in await text(client, address, 400)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=a%00b&password=x"),
        ("application/x-www-form-urlencoded", b"name=\xff"),
        ("application/x-www-form-urlencoded; charset=none", b"name=a"),
        ("multipart/form-data", b"name"),
        ("multipart/form-data; boundary=x", b"name"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nname\r\n\r\na\r\n--x--\r\n"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused_and_breaks_nothing(postgres_url, kind, body):
    async with running(postgres_url) as site, site.browser() as client:
        login = between(await text(client, "/login"), 'name="csrf" value="', '"').encode()
        whole = body + b"&csrf=" + login if kind.startswith("application") else body
        answer = await client.post("/login", data=whole, headers={"Content-Type": kind})
        assert (answer.status, "code <code>bad-request" in await answer.text()) == (400, True)


@pytest.mark.parametrize(
    ("fault", "code"), [(KeyError("900000001"), "internal"), (Tampered("A seal is broken."), "tampered")]
)
async def test_a_fault_of_ours_tells_the_page_an_id_and_the_log_its_kind_and_place(site, capsys, fault, code):
    async def defect():
        raise fault

    application = console_application(replace(site.parts, directory=defect), site.settings)
    before = structlog.get_config()
    configure_logs()
    try:
        async with TestServer(application) as server, site.browser("operator") as client:
            cookies = {one.key: one.value for one in client.cookie_jar}
            async with ClientSession(cookies=cookies) as one, one.get(server.make_url("/deliveries")) as answer:
                page = await answer.text()
    finally:
        structlog.configure(**before)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "console.failed" in line]
    assert [(one["type"], one["code"], re.sub(r"\d+", "", one["path"])) for one in said] == [
        (type(fault).__name__, code, "test_console_screens.py:")
    ]
    assert said[0]["id"] in page
    assert "900000001" not in page + str(said)


async def test_a_form_that_is_sent_after_the_login_has_ended_says_so_and_leads_to_the_login(site):
    async with site.browser("operator") as client:
        form = {**GROUP, "scope": "all", "action": "retry", "reason": "x", "csrf": await token(client)}
        site.clock.ahead = timedelta(minutes=16)
        answer = await client.post("/dead/plan", data=form, allow_redirects=False)
        page = await answer.text()
        assert (answer.status, '<a href="/login">' in page) == (401, True)
        assert "Your login has ended. Nothing was changed." in page


async def test_without_the_fetched_packages_pages_are_plain_and_say_so_in_the_log(sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "VENDOR", tmp_path / "nothing")
    async with running(sqlite_url) as site, site.browser("operator") as client:
        page = await text(client, "/")
        assert "vendor" not in page
        assert "console.css" in page
    assert vendor.VENDOR.name == "vendor"


async def test_own_files_are_named_by_their_content_and_nothing_else_is_served(site):
    async with site.browser("operator") as client:
        page = await text(client, "/")
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            await text(client, path)
        assert re.search(r"console\.css\?v=[0-9a-f]{12}", page)
        for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static//etc/passwd", "/static/none"):
            assert (await client.get(path)).status == 404


async def test_a_hold_is_set_and_released_and_an_extract_is_confirmed_on_the_page_of_retention(site):
    made = await site.parts.retention.register(Actor("operator", "pat"), "evidence", "record:x", "hearing")
    async with site.browser("data-steward") as client:
        await send(client, "/retention/holds", 404, scope="record", what="none", reason="litigation")
        await send(client, "/retention/holds", scope="record", what=site.ids["record"], reason="litigation")
        (hold,) = await site.parts.retention.holds()
        assert "the record: litigation" in await text(client, f"/records/{site.ids['record']}")
        other = await text(client, f"/records/{site.ids['refused']}")
        assert f'href="/retention?what={site.ids["refused"]}#set"' in other
        filled = await text(client, f"/retention?what={site.ids['refused']}")
        assert f'value="{site.ids["refused"]}"' in filled
        assert "litigation" in await text(client, "/retention")
        await send(client, f"/retention/holds/{hold.id}/release", reason="settled")
        assert await site.parts.retention.holds() == ()
        site.clock.ahead += timedelta(days=91)
    async with site.browser("operator") as client:
        assert "1 copy should be erased by now" in await text(client, "/")
        assert "overdue" in await text(client, "/retention")
        assert "family violence" not in await text(client, "/")
        async with site.database.write() as connection:
            marked = update(records).where(records.c.id == site.ids["record"])
            await connection.execute(marked.values(bearing="STATE danger-change"))
        told = await text(client, "/")
        assert "1 change of a family violence indicator has not reached the federal case registry: overdue" in told
        assert "of an incident" not in told
        opened = await site.parts.incident_clocks.open(
            Actor("operator", "pat"), site.clock() - timedelta(minutes=50), "lost", None, ()
        )
        assert "1 notice of an incident is not given: OCSS, near" in await text(client, "/")
        await site.parts.incident_clocks.tell(Actor("operator", "pat"), opened.id, "ocss")
        assert "of an incident" not in await text(client, "/")
    async with site.browser("security-officer") as client:
        await send(client, f"/retention/extracts/{made.id}/erased")
    assert await site.parts.retention.overdue() == 0


async def test_the_page_of_an_erased_record_says_when_and_by_which_policy(site):
    record = RecordId(site.ids["record"])
    now = site.clock()
    run = Run("run", "2026-test", "0", "operator:pat", now, RunState.RUNNING, None, 0)
    erasure = Erasure(record, "ndnh", "2026-test", "run", now, now)
    owed = [one.id for one in await site.parts.records.deliveries(record)]
    assert await StoredRetention(site.database).erase(run, [erasure], owed, []) == (record,)
    async with site.browser("operator") as client:
        page = await text(client, f"/records/{record}")
    assert "by policy 2026-test, class ndnh" in page
