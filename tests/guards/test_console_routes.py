"""Every route of the console has a rule, docs/access.md says it, and the running console answers each cell so."""

import re

import pytest

from gateway.core.roles import Role
from gateway.docs import FOLDER
from gateway.docs.access import GLASS, HALF, NO, OPEN, OWN, YES
from gateway.web.console.application import ROUTES, console_application
from gateway.web.console.rights import CHANGING, Right, allowed
from gateway.web.console.security import SAFE_METHODS
from tests.contract.console_site import fill, log_in, running, token

STATIC = ("GET", "/static/{path}")
OPEN_ROUTES = {
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/login/provider"),
    ("GET", "/login/provider/back"),
}
"""The only pages without a right: one must be able to come in and to leave."""
ASKING = {
    ("POST", "/records/case"),
    ("POST", "/find"),
    ("POST", "/logout/everywhere"),
    ("POST", "/account/factors/{id}/remove"),
    ("POST", "/break/end"),
}
"""Posted though they change nothing of the gateway's: what is asked stays out of addresses, or it is the own login."""
SOMETHING = "01a2030a-7dcf-7000-9fe2-bc462ff396fa"

STEWARDS = {Role.OPERATOR, Role.DATA_STEWARD}
EXPECTED = {
    Right.BELONG: set(Role),
    Right.COUNT: set(Role) - {Role.PARTNER_ADMIN},
    Right.PARTNER: set(Role) - {Role.VIEWER},
    Right.LOOK: STEWARDS | {Role.PARTNER_ADMIN, Role.AUDITOR},
    Right.PROVE: STEWARDS | {Role.PARTNER_ADMIN, Role.AUDITOR},
    Right.READ: {Role.DATA_STEWARD, Role.AUDITOR},
    Right.RETRY: STEWARDS | {Role.PARTNER_ADMIN},
    Right.WITHDRAW: {Role.OPERATOR},
    Right.AMEND: STEWARDS,
    Right.EXPORT: STEWARDS,
    Right.ORDER: {Role.DATA_STEWARD},
    Right.STEER: {Role.OPERATOR, Role.PARTNER_ADMIN},
    Right.SECOND: STEWARDS | {Role.SECURITY_OFFICER, Role.AUDITOR, Role.ADMIN},
    Right.KEPT: STEWARDS | {Role.SECURITY_OFFICER, Role.AUDITOR, Role.ADMIN},
    Right.HOLD: {Role.DATA_STEWARD, Role.SECURITY_OFFICER},
    Right.AUDIT: {Role.AUDITOR},
    Right.KEYS: {Role.SECURITY_OFFICER, Role.ADMIN},
    Right.ACCOUNTS: {Role.ADMIN},
    Right.BREAK: {Role.VIEWER, Role.OPERATOR, Role.SECURITY_OFFICER, Role.ADMIN},
    Right.GLASS: {Role.SECURITY_OFFICER, Role.AUDITOR},
    Right.REVIEW: {Role.SECURITY_OFFICER},
}
"""Written out again on purpose: whoever widens a right must say so twice."""


def documented():
    """(method, path) -> role -> the cell of docs/access.md."""
    page = (FOLDER / "access.md").read_text(encoding="utf-8").split("## Console")[1].split("## API")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    roles = [Role(name) for name in rows[0][1:]]
    return {tuple(row[0].strip("`").split(" ", 1)): dict(zip(roles, row[1:], strict=True)) for row in rows[2:]}


def served(application):
    """What the application answers, but for files."""
    return {(one.method, one.resource.canonical) for one in application.router.routes() if one.method != "HEAD"} - {
        STATIC
    }


def unruled(application):
    """Routes that are served and of which the table says nothing."""
    return served(application) - set(documented())


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url) as site:
        yield site


async def test_every_served_route_has_its_row_and_only_the_login_is_open(site):
    assert unruled(site.application) == set()
    assert served(site.application) == set(documented())
    rights = {(route.method, route.path): route.right for route in site.application[ROUTES]}
    assert {route for route, right in rights.items() if right is Right.ANYBODY} == OPEN_ROUTES


async def test_control_a_route_that_nobody_wrote_a_rule_for_is_found(site):
    async def view(_):
        """Never asked."""

    application = console_application(site.parts, site.settings)
    application.router.add_get("/backdoor", view)
    assert unruled(application) == {("GET", "/backdoor")}


async def test_every_route_that_changes_something_asks_for_a_right_to_change(site):
    for route in site.application[ROUTES]:
        here = (route.method, route.path)
        if route.method not in SAFE_METHODS and here not in OPEN_ROUTES | ASKING and route.right is not Right.ENTER:
            assert route.right in CHANGING | {Right.SECOND, Right.READ, Right.BREAK}, here
        if route.method in SAFE_METHODS and not route.path.startswith("/accounts"):
            assert route.right not in CHANGING, here


def test_the_table_of_rights_is_the_expected_one():
    assert set(EXPECTED) == set(Right) - {Right.ANYBODY, Right.ENTER}
    for right, roles in EXPECTED.items():
        assert {role for role in Role if allowed(role, right)} == roles
        assert not allowed(None, right)


async def test_nobody_gets_in_anywhere_without_a_login(site):
    async with site.browser() as client:
        for (method, path), cells in documented().items():
            if OPEN in cells.values():
                continue
            answer = await client.request(method, filled(path), allow_redirects=False)
            assert answer.status == (303 if method == "GET" else 401), path
            if method == "GET":
                assert answer.headers["Location"].startswith("/login")


async def answers(client, csrf, role):
    """(method, path) -> what the console does for the role: a word of the table."""
    found = {}
    for (method, path), cells in documented().items():
        if cells[role] in (OPEN, HALF) or path.endswith("/live") or path.startswith("/logout"):
            continue
        form = {"csrf": csrf} if method == "POST" else None
        answer = await client.request(method, filled(path), data=form, allow_redirects=False)
        assert answer.status != 500, (method, path)
        found[method, path] = NO if answer.status == 403 else (OWN if cells[role] == OWN else YES)
    return found


@pytest.mark.claim("A39", control="test_control_with_another_role_the_cells_do_not_hold")
async def test_every_cell_is_answered_as_the_table_says(site, claim):
    """Every route as every role; ``/live`` follows in a test of its own, since such an answer has no end."""
    cells = 0
    for role in Role:
        async with site.browser(role) as client:
            found = await answers(client, await token(client), role)
        expected = documented()
        assert found == {route: without_glass(expected[route][role]) for route in found}, role
        cells += len(found)
    claim.measured(f"{cells} of {cells} cells of the console as expected")


def without_glass(cell):
    """What an account is answered that was not allowed to break the glass."""
    return NO if cell == GLASS else cell


async def test_the_broken_glass_opens_the_content_of_a_record_and_nothing_else(site):
    """For a viewer, who has fewest rights; that others break it is in the table."""
    role = Role.VIEWER
    await site.operator(role, role, break_glass=True)
    async with site.browser() as client:
        await log_in(client, role)
        form = {"csrf": await token(client), "emergency": "danger-to-a-person", "reason": "test"}
        assert (await client.post("/break", data=form, allow_redirects=False)).status == 303
        found = await answers(client, form["csrf"], role)
    cells = {route: documented()[route][role] for route in found}
    assert found == {route: YES if cell == GLASS else cell for route, cell in cells.items()}
    behind = {(route.method, route.path) for route in site.application[ROUTES] if route.glass}
    assert behind == {("GET", "/records/{id}/content"), ("POST", "/records/{id}/content")}


async def test_control_with_another_role_the_cells_do_not_hold(site):
    async with site.browser(Role.OPERATOR) as client:
        found = await answers(client, await token(client), Role.AUDITOR)
    expected = documented()
    assert found != {route: without_glass(expected[route][Role.AUDITOR]) for route in found}


async def test_live_routes_ask_for_the_rights_of_their_pages(site):
    rights = {(route.method, route.path): route.right for route in site.application[ROUTES]}
    live = {path: right for (_, path), right in rights.items() if path.endswith("/live")}
    assert live == {"/live": Right.COUNT, "/queues/live": Right.COUNT, "/jobs/{id}/live": Right.LOOK}


async def test_a_partner_admin_finds_its_own_and_nothing_of_others(site):
    await fill(site)
    async with site.browser(Role.PARTNER_ADMIN) as client:  # of Ohio
        assert (await client.get("/", allow_redirects=False)).headers["Location"] == "/partners/ohio"
        assert (await client.get("/partners/texas")).status == 404
        assert (await client.get(f"/records/{site.ids['record']}")).status == 200, "Ohio sent it"
        assert (await client.get(f"/deliveries/{site.ids['delivery']}")).status == 404, "it is owed to Texas"
        for path in ("/records?view=all", "/deliveries", "/submissions"):
            assert "texas</a>" not in await (await client.get(path)).text()
        form = {"csrf": await token(client), "reason": "test"}
        assert (await client.post("/partners/texas/pause", data=form)).status == 404
        assert (await client.post("/partners/ohio/pause", data=form, allow_redirects=False)).status == 303
        answer = await client.post(f"/deliveries/{site.ids['delivery']}/retry", data=form)
        assert answer.status == 404


@pytest.mark.parametrize("changes", [{"role": "superuser"}, {"role": "partner-admin", "partner": None}])
async def test_an_account_with_an_unknown_role_or_without_its_partner_sees_nothing(site, changes):
    await fill(site)
    await site.operator("ghost", **changes)
    async with site.browser() as client:
        assert (await log_in(client, "ghost")).status == 303
        for path in (f"/records/{site.ids['record']}", "/partners/ohio", "/queues"):
            assert (await client.get(path, allow_redirects=False)).status in (403, 404), path
        assert "0 shown" in await (await client.get("/records?view=all")).text() or changes["role"] == "superuser"


def filled(path):
    """An address of the route: Ohio is everybody's partner here, and the other ids exist nowhere."""
    return re.sub(r"\{\w+\}", SOMETHING, path.replace("{key}", "ohio"))
