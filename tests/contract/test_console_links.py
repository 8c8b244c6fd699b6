"""Where the pages lead: whatever the pages of a role link to is open to it."""

import re

import pytest

from gateway.core.model import Finding, PartnerKey, Severity
from gateway.core.roles import Role
from gateway.core.succession import FILE_OLDER, Turn
from gateway.store.turns import take_turns
from tests.contract.console_forms import GROUP, send
from tests.contract.console_site import fill, running
from tests.contract.test_console_amending import asked, keep, mender
from tests.unit.work_site import SPEECH

LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture
async def site(sqlite_url):
    """A site in whose pages something of everything stands: an amendment, an export, a job, the order of files."""
    async with running(sqlite_url, canonical=SPEECH().canonical, mending=mender) as site:
        await fill(site)
        await keep(site)
        late = Finding(FILE_OLDER, Severity.FATAL)
        last = Turn(PartnerKey("texas"), "fcr-input:48", site.ids["submission"], (), "20260302", late)
        async with site.database.write() as connection:
            assert await take_turns(connection, [last]) == {}
        yield site


async def followed(client, begins):
    """(status, page, where a link to it stands) of one page of each kind that the pages lead to. The partner that the
    synthetic traffic names and the site does not have is left out."""
    found, kinds, ways = [], {}, [(one, "") for one in begins]
    while ways:
        path, place = ways.pop(0)
        kind = ID.sub("ID", re.sub(r"cursor=[^&]*", "cursor", path))
        if kind in kinds or path == "/partners/indiana":
            continue
        kinds[kind] = path
        async with client.get(path) as answer:
            found.append((answer.status, kind, ID.sub("ID", place)))
            if answer.content_type == "text/html" and answer.status < 400:
                ways += [(link.replace("&amp;", "&"), path) for link in LINK.findall(await answer.text())]
    return found


async def begun(site):
    """Pages whose address people send each other: the menu leads to them too, where a role has it."""
    async with site.browser("operator") as client:
        amendment = (await asked(site, client)).replace("/approvals/", "/amendments/")
        await send(client, "/records/export?view=all&party=ohio", reason="monthly count")
        await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
        return amendment, await followed(client, ["/"])


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.OPERATOR])
async def test_no_link_leads_a_role_to_a_page_that_it_may_not_see(site, role):
    amendment, of_operators = await begun(site)
    assert [one for one in of_operators if one[0] >= 400] == []
    async with site.browser(role) as client:
        shared = [amendment] if (await client.get(amendment)).status == 200 else []
        found = await followed(client, ["/", "/account", *shared])
    assert len(found) > 5
    assert [one for one in found if one[0] >= 400] == []


async def test_control_what_an_operator_s_pages_lead_to_is_not_open_to_everybody(site):
    _, of_operators = await begun(site)
    async with site.browser(Role.VIEWER) as client:
        found = await followed(client, [kind for _, kind, _ in of_operators if "ID" not in kind])
    assert [one for one in found if one[0] == 403]
