"""Every route of the console is in the table of rights, and the table is what the running console enforces."""

import re

import pytest

from gateway.web.console.application import ROUTES
from gateway.web.console.rights import Right, Role, allowed
from gateway.web.console.security import SAFE_METHODS
from tests.contract.console_site import log_in, running, token

LOGIN_ROUTES = {("GET", "/login"), ("POST", "/login"), ("POST", "/logout")}
"""The only pages without a right: one must be able to come in and to leave."""
STATIC = ("GET", "/static/{path}")

EXPECTED = {
    Right.LOOK: {Role.VIEWER, Role.OPERATOR, Role.ADMIN},
    Right.PROVE: {Role.OPERATOR, Role.ADMIN},
    Right.REPAIR: {Role.OPERATOR, Role.ADMIN},
    Right.STEER: {Role.OPERATOR, Role.ADMIN},
    Right.ACCOUNTS: {Role.ADMIN},
}
"""Written out again on purpose: whoever widens a right must say so twice."""

ACTING = {
    ("POST", "/partners/{key}/pause"): Right.STEER,
    ("POST", "/partners/{key}/resume"): Right.STEER,
    ("POST", "/deliveries/{id}/retry"): Right.REPAIR,
    ("POST", "/deliveries/{id}/withdraw"): Right.REPAIR,
    ("POST", "/dead/plan"): Right.REPAIR,
    ("POST", "/jobs/{id}/start"): Right.REPAIR,
    ("POST", "/jobs/{id}/cancel"): Right.REPAIR,
    ("POST", "/accounts/keys/{id}/revoke"): Right.ACCOUNTS,
}
"""Everything that changes something. A new unsafe route must be added here."""
ASKING = {("POST", "/records/case"), ("POST", "/find")}
"""Posted only to keep what is asked out of addresses."""


def table(site):
    """The routes as they are served: (method, path) -> their right."""
    rights = {(route.method, route.path): route.right for route in site.application[ROUTES]}
    served = [(one.method, one.resource.canonical) for one in site.application.router.routes() if one.method != "HEAD"]
    assert len(served) == len(set(served)) == len(rights) + 1
    return {route: rights.get(route) for route in served}


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url) as site:
        yield site


async def test_every_served_route_has_a_right_and_only_the_login_is_open(site):
    served = table(site)
    assert {route for route, right in served.items() if right is None} == {STATIC}
    assert {route for route, right in served.items() if right is Right.ANYBODY} == LOGIN_ROUTES


async def test_every_route_that_changes_something_asks_for_more_than_looking(site):
    unsafe = {route: right for route, right in table(site).items() if route[0] not in SAFE_METHODS}
    assert set(unsafe) == set(ACTING) | ASKING | {route for route in LOGIN_ROUTES if route[0] == "POST"}
    assert {route: unsafe[route] for route in ACTING} == ACTING


def test_the_table_of_rights_is_the_expected_one():
    for right, roles in EXPECTED.items():
        assert {role for role in Role if allowed(role, right)} == roles
        assert not allowed(None, right)


async def test_nobody_gets_in_anywhere_without_a_login(site):
    async with site.browser() as client:
        for (method, path), right in table(site).items():
            if right in (None, Right.ANYBODY):
                continue
            answer = await client.request(method, filled(path), allow_redirects=False)
            assert answer.status == (303 if method == "GET" else 401), path
            if method == "GET":
                assert answer.headers["Location"].startswith("/login")


@pytest.mark.parametrize("role", list(Role))
async def test_every_route_is_open_to_exactly_the_roles_of_its_right(site, role):
    async with site.browser(role) as client:
        csrf = await token(client)
        for (method, path), right in table(site).items():
            if right in (None, Right.ANYBODY) or path.endswith("/live"):
                continue
            form = {"csrf": csrf} if method == "POST" else None
            answer = await client.request(method, filled(path), data=form, allow_redirects=False)
            assert (answer.status == 403) == (role not in EXPECTED[right]), (method, path, answer.status)
            assert answer.status != 500, (method, path)


async def test_live_routes_ask_for_a_login_like_their_pages(site):
    live = {route: right for route, right in table(site).items() if route[1].endswith("/live")}
    assert len(live) == 3
    assert set(live.values()) == {Right.LOOK}


async def test_an_account_with_an_unknown_role_may_nothing(site):
    await site.operator("ghost", "superuser")
    async with site.browser() as client:
        assert (await log_in(client, "ghost")).status == 303
        assert (await client.get("/", allow_redirects=False)).status == 403


def filled(path):
    return re.sub(r"\{\w+\}", "01a2030a-7dcf-7000-9fe2-bc462ff396fa", path)
