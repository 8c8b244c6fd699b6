"""Amending a dead letter in the console: look, plan, ask; another person sees what changes, agrees, and it goes."""

from __future__ import annotations

import hashlib
import re

import pytest
from sqlalchemy import update

from gateway.core.amendment import Fixed
from gateway.core.labels import record_context
from gateway.core.model import DeliveryState, FormatName, Page
from gateway.core.ports.formats import Heading
from gateway.core.routing import Directory
from gateway.crew import InlineCrew
from gateway.store.cargo import StoredCargo
from gateway.store.tables import records, submissions
from gateway.work.compose import Composer
from gateway.work.mending import Mender
from gateway.work.rehearsal import Rehearsal
from tests.contract.console_forms import send
from tests.contract.console_site import AGREEMENTS, PARTNERS, SEALER, StillClock, fill, partner, running, token
from tests.contract.test_console_second_factor import client_of, enrol
from tests.unit.work_site import SPEECH, transfers
from transforms.facts import deciding_paths

LINE = "LocateInformation/ResidentialAddress/Address/AddressLine1Text"
BORN = "NoncustodialParent/PersonBirthDate"
SSN = "NoncustodialParent/PersonSSNIdentification"
SENT, MENDED = "12 Invented Street", "7 Mended Lane"
WHY = {"reason": "letter of the county"}


def mender(parts):
    spoken = SPEECH()
    fixed = Fixed({kind: frozenset(deciding_paths(info)) for kind, info in spoken.catalog.kinds.items()})
    return Mender(
        parts.amendments.store,
        parts.submissions,
        spoken.canonical,
        spoken.rules,
        parts.sealer,
        parts.indexer,
        fixed,
        Rehearsal(
            StoredCargo(parts.desk._database),
            InlineCrew(None, Composer(spoken.formats, spoken.canonical, parts.sealer)),
            lambda: Directory((*PARTNERS, partner("indiana", "Indiana")), AGREEMENTS),
        ),
    )


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, canonical=SPEECH().canonical, mending=mender) as site:
        await fill(site)
        await keep(site)
        yield site


async def keep(site):
    """The record of the first dead letter has content that can be opened."""
    reader = SPEECH().formats[FormatName("xml")].reader()
    frames = reader.feed(transfers(1)) + reader.finish()
    content = SPEECH().formats[FormatName("xml")].decode(frames[0], Heading()).content
    document = SPEECH().canonical.write(content)
    (record,) = await site.parts.desk.carried(site.ids["delivery"], 2)
    kept = {
        "kind": content.kind,
        "submission": site.ids["submission"],
        "sealed": SEALER.seal("records", record_context(record.id), document),
        "digest": hashlib.sha256(document).hexdigest(),
    }
    async with site.database.write() as connection:
        await connection.execute(update(records).where(records.c.id == record.id).values(kept))
        xml = update(submissions).where(submissions.c.id == site.ids["submission"]).values(format="xml")
        await connection.execute(xml)
    site.ids |= {"carried": record.id}


async def asked(site, client, **changes):
    """A request for the second word: the page that it leads to."""
    form = {"record": site.ids["carried"], **WHY, f"set:{LINE}": MENDED, **changes}
    return await send(client, f"/deliveries/{site.ids['delivery']}/mend/ask", **form)


async def test_two_people_amend_a_dead_letter_and_the_second_one_sees_what_changes(site):
    delivery, form = f"/deliveries/{site.ids['delivery']}", {"record": site.ids["carried"], **WHY}
    async with site.browser("operator") as one, site.browser("data-steward") as other:
        assert f"{delivery}/mend" in await (await one.get(delivery)).text()
        assert site.ids["carried"] in await (await one.get(delivery + "/mend")).text()
        listed = await send(one, delivery + "/mend", 200, **form)
        assert "long text" in listed
        assert f'name="set:{LINE}"' in listed
        assert f'name="set:{SSN}"' not in listed, "it is fixed"
        assert SENT not in listed
        plan = await send(one, delivery + "/mend/plan", 200, **form, **{f"set:{LINE}": MENDED, f"set:{BORN}": ""})
        assert plan.count("long text") == 2
        assert BORN not in plan
        assert "Tried as xml" in plan
        request = await asked(site, one)
        amendment = "/amendments/" + request.rsplit("/", 1)[1]
        assert "See what changes" in await (await one.get(request)).text()
        await send(one, amendment + "/send", 409)
        await send(one, amendment + "/content", 403, **WHY)
        masked = await (await other.get(amendment)).text()
        assert LINE in masked
        assert "long text" not in masked, "nothing is opened without a reason"
        assert "Tried as xml" in masked, "the second person sees what the partner's format makes of it"
        shapes = await send(other, amendment + "/content", 200, **WHY)
        assert shapes.count("long text") == 2
        assert MENDED not in shapes
        values = await send(other, amendment + "/content", 200, **WHY, path=LINE)
        assert MENDED in values
        assert SENT in values
        await send(other, request + "/decide", word="approve", reason="compared")
        assert "Go on with it" in await (await one.get(request)).text()
        assert "Send the delivery with it" in await (await one.get(amendment)).text()
        assert await send(one, amendment + "/send") == delivery
        told = await (await one.get(delivery)).text()
        assert "operator:data-steward" in told
        assert LINE in told
        assert f"{site.ids['delivery']}.2" in told
        trace = await (await one.get(f"/records/{site.ids['carried']}")).text()
        assert "Two people agreed" in trace
        assert "asked_by operator:operator" in trace
        assert "approved_by operator:data-steward" in trace
    assert (await site.parts.desk.get(site.ids["delivery"])).state is DeliveryState.PENDING
    reads = [e for e in await site.parts.audit.unsequenced(1000) if e.action == "record.read"]
    assert [(e.outcome, e.details["shown"]) for e in reads] == [("masked", ""), ("masked", ""), ("shown", LINE)]
    assert {e.details["own_name"] for e in reads} == {"unknown"}, "the accounts have no surname"


async def test_the_second_factor_is_asked_for_before_the_reason_to_look_is_filled_in(sqlite_url):
    clock = StillClock()
    async with running(
        sqlite_url, clock=clock, second_factor=True, canonical=SPEECH().canonical, mending=mender
    ) as site:
        await fill(site)
        await keep(site)
        async with client_of(site) as one, client_of(site) as other:
            await enrol(site, one, "pat", "operator")
            amendment = (await asked(site, one)).replace("/approvals/", "/amendments/")
            await enrol(site, other, "kim", "data-steward")
            assert f"{amendment}/content" in await (await other.get(amendment)).text(), "the control: it was just shown"
            for _ in range(2):
                clock.forward(minutes=8)
                page = await (await other.get(amendment)).text()
            assert f"{amendment}/content" not in page
            assert f'href="/login/second?next={amendment}"' in page


async def test_what_intake_would_refuse_is_shown_with_its_findings_and_cannot_be_asked_for(site):
    delivery, form = f"/deliveries/{site.ids['delivery']}", {"record": site.ids["carried"], **WHY}
    async with site.browser("operator") as client:
        refused = await send(client, delivery + "/mend/plan", 422, **form, **{f"set:{BORN}": "1984-02-31"})
        assert "The rules refuse it" in refused
        assert BORN in refused
        assert "1984-02-31" not in refused
        await asked_in_vain(site, client)
        other = await send(client, "/deliveries/01a2030a-7dcf-7000-9fe2-bc462ff396fa/mend", 404, **form)
        assert "no such delivery" in other


async def asked_in_vain(site, client):
    for changes in (
        {f"set:{BORN}": "1984-02-31"},
        {f"set:{SSN}": "900111222"},
        {"new_path": "No/Such", "new_value": "1"},
    ):
        form = {"record": site.ids["carried"], **WHY, **changes}
        told = await send(client, f"/deliveries/{site.ids['delivery']}/mend/ask", 422, **form)
        assert not any(value in told for value in ("1984-02-31", "900111222"))
    assert (await site.parts.approvals.list(Page(1))).rows == ()


async def test_what_the_rules_refuse_leads_back_to_the_elements(site):
    """Browsers do not go back to what a form answered and nobody may store."""
    delivery, form = f"/deliveries/{site.ids['delivery']}", {"record": site.ids["carried"], **WHY}
    async with site.browser("operator") as client:
        refused = await send(client, delivery + "/mend/plan", 422, **form, **{f"set:{BORN}": "1984-02-31"})
        (back,) = [one for one in refused.split("<form")[1:] if f'action="{delivery}/mend"' in one]
        given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', back))
        assert given.items() > form.items()
        assert f'name="set:{BORN}"' in await send(
            client, delivery + "/mend", 200, **{name: given[name] for name in form}
        )


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"new_path": "No/Such", "new_value": "a word"}, 422, "has no such element"),
        ({"new_path": "no path", "new_value": "a word"}, 422, "canonical path"),
        ({f"set:{LINE}": "x" * 501}, 422, "500 characters"),
        ({"drop": LINE}, 422, "once"),
        ({f"set:{BORN}": "1984-02-31"}, 422, "The rules refuse it"),
        ({"new_path": SSN, "new_value": "900111222"}, 422, "is fixed"),
        ({}, 200, "What changes"),
    ],
)
async def test_whoever_goes_back_from_a_plan_finds_what_was_filled_in(site, wrong, status, words):
    delivery, form = f"/deliveries/{site.ids['delivery']}", {"record": site.ids["carried"], **WHY}
    given = {f"set:{LINE}": MENDED, **wrong}
    async with site.browser("operator") as client, site.browser("data-steward") as other:
        page = await send(client, delivery + "/mend/plan", status, **form, **given)
        assert words in page
        if status != 200:
            assert not any(value in page for name, value in given.items() if name in (f"set:{LINE}", "new_value"))
        (back,) = [one for one in page.split("<form")[1:] if f'action="{delivery}/mend"' in one]
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', back))
        assert "out of date" in await send(other, delivery + "/mend", 400, **fields | {"csrf": await token(other)})
        del fields["csrf"]
        elements = await send(client, delivery + "/mend", 200, **fields)
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', one)) | {"ticked": "checked" in one} for one in _inputs(elements)]
    shown = {(one.get("name"), one.get("value")) for one in inputs if one.get("type") != "checkbox" or one["ticked"]}
    assert shown >= set(given.items())


def _inputs(page):
    return re.findall(r"<input[^>]*>", page)


async def test_a_refused_amendment_is_gone_and_the_letter_stays_dead(site):
    async with site.browser("operator") as one, site.browser("data-steward") as other:
        request = await asked(site, one)
        await send(other, request + "/decide", word="refuse", reason="the sender mends it")
        amendment = "/amendments/" + request.rsplit("/", 1)[1]
        assert (await one.get(amendment)).status == 404
        assert "See what changes" not in await (await one.get(request)).text()
        await send(one, amendment + "/send", 404)
    assert (await site.parts.desk.get(site.ids["delivery"])).state is DeliveryState.DEAD
