"""Operators come in with a real browser: at a provider that nobody here wrote, and with a passkey of Chromium's virtual
authenticator."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from playwright.async_api import expect

from gateway.core.model import Actor
from gateway.core.own_name import open_surname
from gateway.core.ports.devices import Device
from gateway.core.roles import Role
from gateway.web.console.provider import Provider, ProviderSettings
from gateway.web.console.single_sign_on import SingleSignOn
from keys.id_tokens import JoseIdTokens
from tests.contract.console_site import PASSWORD, SEALER, log_in, running
from tests.journeys.test_console_browser import WIDE, both_sizes
from tests.journeys.test_console_browser import pytestmark as marks
from tests.servers.oidc_provider import CLIENT, NODE, PACKAGE, SECRET, provider
from tests.servers.ports import free_port

pytestmark = marks
"""One loop and one browser, skipped where there is none: as in the suite of the screens."""
ACCOUNTS = {
    "u-1": {"preferred_username": "pat", "family_name": "Zzyzxova", "groups": ["everybody", "gw-stewards"]},
    "u-2": {"preferred_username": "kim", "groups": ["everybody"]},
    "u-3": {"preferred_username": "pat", "groups": ["gw-stewards"]},
    "u-4": {"preferred_username": "vic", "groups": ["gw-viewers", "gw-emergency"]},
}
needs_provider = pytest.mark.skipif(
    not (NODE and PACKAGE.exists()) and os.environ.get("CI") != "true", reason="not installed: oidc-provider (npm)"
)


def settings_of(issuer, **changes):
    chosen = {
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "scopes": "openid",
        "algorithms": ("RS256",),
        "name_claim": "preferred_username",
        "surname_claim": "family_name",
        "role_claim": "groups",
        "roles": [("gw-stewards", Role.DATA_STEWARD, None), ("gw-viewers", Role.VIEWER, None)],
        "break_glass": frozenset({"gw-emergency", "everybody"}),
        "amr": frozenset({"mfa"}),
        "acr": frozenset(),
        "timeout": timedelta(seconds=5),
    }
    return ProviderSettings(**{**chosen, **changes})


@asynccontextmanager
async def both(url, amr=("pwd", "mfa"), **changes):
    """A console on ``localhost`` and a provider on ``127.0.0.1``: two sites, as in life."""
    there, here = free_port(), free_port()
    origin = f"http://localhost:{here}"
    async with provider(there, f"{origin}/login/provider/back", ACCOUNTS, amr) as issuer:
        sso = SingleSignOn(Provider(settings_of(issuer, **changes)), JoseIdTokens())
        told = {"second_factor": True, "origin": origin, "provider": "State login"}
        async with running(url, port=here, sso=sso, **told) as site:
            site.url = origin
            yield site


@asynccontextmanager
async def page_of(chromium, site, **options):
    context = await chromium.new_context(viewport=WIDE, base_url=site.url, **options)
    yield await context.new_page()
    await context.close()


async def come_in(page, account="u-1", wanted="/records"):
    """Ask for a page, agree, log in at the provider; ends where the provider sends the browser."""
    await page.goto(wanted)
    await page.click("text=Agree and log in with State login")
    await page.fill("#account", account)
    await page.click("button")


@needs_provider
async def test_a_browser_logs_in_at_a_provider_and_lands_on_the_page_it_asked_for(chromium, sqlite_url):
    async with both(sqlite_url) as site, page_of(chromium, site) as page:
        await come_in(page)
        await page.wait_for_url(f"{site.url}/records")
        await expect(page.locator(".gw-who")).to_contain_text("data-steward")
        found = await site.parts.operators.find("pat")
        assert (found.role, found.subject, found.password_hash) == ("data-steward", "u-1", "")
        assert open_surname(SEALER, "pat", found.sealed_surname) == "Zzyzxova"
        assert not found.break_glass, "whoever may read has no glass to break"
        cookies = {one["name"]: one for one in await page.context.cookies()}
        assert cookies["gw"]["sameSite"] == "Strict"
        assert "gw-trip" not in cookies, "the trip is over"
        await page.go_back()
        await page.goto("/login/provider/back?code=abc&state=def")
        await expect(page.locator("main")).to_contain_text("not begun here")
        await bind_elsewhere(site, "pat")
        await page.goto("/records")
        await page.click("text=Agree and log in with State login")  # who is known there already
        await expect(page.locator("main")).to_contain_text("device-unbound")
        assert "device-unbound" in [e.outcome for e in await site.parts.audit.unsequenced(100)]


async def bind_elsewhere(site, name):
    """To a computer that no browser of this suite runs on."""
    entry = site.parts.scribe.entry(Actor("operator", "setup"), "operator.device", f"operator:{name}", "bound")
    await site.parts.devices.add(Device(name, "0" * 64, "laptop 17", site.clock()), entry)


@needs_provider
@pytest.mark.parametrize(
    ("account", "amr", "outcome"),
    [
        ("u-1", ("pwd",), "sso-second-factor"),
        ("u-2", ("pwd", "mfa"), "sso-role"),
    ],
)
async def test_whom_the_provider_does_not_vouch_for_stays_outside(chromium, sqlite_url, account, amr, outcome):
    """The control is the test above: the same browser gets in with a role, a factor and the right algorithm."""
    async with both(sqlite_url, amr) as site, page_of(chromium, site) as page:
        await come_in(page, account)
        await expect(page.locator("h1")).to_be_visible()
        assert outcome in [e.outcome for e in await site.parts.audit.unsequenced(100)]
        await page.goto("/records")
        assert "/login" in page.url
        assert await site.parts.operators.list() == ()


@needs_provider
async def test_a_group_of_the_provider_lets_its_people_break_the_glass(chromium, sqlite_url):
    async with both(sqlite_url) as site, page_of(chromium, site) as page:
        await come_in(page, "u-4", "/break")
        await expect(page.locator("h1")).to_have_text("Break the glass")
        assert (await site.parts.operators.find("vic")).break_glass


@needs_provider
async def test_a_name_of_somebody_else_is_not_taken_over(chromium, sqlite_url):
    async with both(sqlite_url) as site:
        await site.operator("pat", "admin")
        async with page_of(chromium, site) as page:
            await come_in(page)
            await expect(page.locator("main")).to_contain_text("belongs to another account")
        assert (await site.parts.operators.find("pat")).provider == "local"


async def with_authenticator(page):
    """Chromium's virtual authenticator, as a security key of this browser."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    return session, (await session.send("WebAuthn.addVirtualAuthenticator", {"options": options}))["authenticatorId"]


async def test_a_passkey_is_enrolled_at_the_first_login_and_shown_at_the_next(chromium, sqlite_url):
    port = free_port()
    origin = f"http://localhost:{port}"
    async with running(sqlite_url, port=port, second_factor=True, origin=origin) as site:
        site.url = origin
        await site.operator("pat", "operator")
        async with page_of(chromium, site, bypass_csp=True) as page:
            _, authenticator = await with_authenticator(page)
            assert authenticator
            await password(page)
            await expect(page.locator("h1")).to_have_text("Add a second factor")
            assert await both_sizes(page) == []
            await page.fill("#label-passkey", "Work laptop")
            await page.click("text=Add a passkey")
            await page.wait_for_url(f"{origin}/records")
            await page.goto("/account")
            await expect(page.locator("main")).to_contain_text("Work laptop")
            assert await both_sizes(page) == []
            await page.set_viewport_size(WIDE)
            await page.click("text=Log out >> nth=0")
            await password(page)
            await expect(page.locator("h1")).to_have_text("Second factor")
            assert await both_sizes(page) == []
            await page.click("text=Use a passkey")
            await page.wait_for_url(f"{origin}/records")
        [factor] = await site.parts.factors.of("pat")
        assert factor.counter > 0
        assert factor.used_at is not None
        async with page_of(chromium, site) as page:  # another browser, which has another authenticator
            await with_authenticator(page)
            await password(page)
            await page.click("text=Use a passkey")
            await expect(page.locator(".gw-passkey-note")).to_contain_text("gave no passkey")


async def password(page):
    await page.goto("/records")
    await page.fill("#name", "pat")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")


async def test_a_passkey_answer_of_another_session_or_nonsense_is_refused(sqlite_url):
    async with running(sqlite_url, second_factor=True, origin="http://localhost:1") as site, site.browser() as client:
        await site.operator("pat", "operator")
        assert (await log_in(client, "pat")).status == 303
        page = await (await client.get("/login/enrol")).text()
        csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
        for credential in ("{}", "nonsense", '{"id": "AAAA"}', "x" * 20_000):
            form = {"csrf": csrf, "credential": credential}
            assert (await client.post("/login/enrol", data=form)).status == 403
        assert await site.parts.factors.of("pat") == ()
