"""Passkeys in a real browser, with an authenticator that the browser simulates."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.contract.console_site import PASSWORD, running
from tests.servers.chromium import CHROMIUM
from tests.servers.ports import free_port

pytestmark = [
    pytest.mark.skipif(not CHROMIUM and os.environ.get("CI") != "true", reason="not installed: chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(loop_scope="module")
async def site(sqlite_url):
    port = free_port()
    origin = f"http://localhost:{port}"
    async with running(sqlite_url, port=port, second_factor=True, origin=origin) as site:
        site.url = origin
        await site.operator("pat", "operator")
        yield site


@asynccontextmanager
async def enrolled(chromium, site):
    """A page of somebody who has come in by enrolling the key of the browser."""
    context = await chromium.new_context(base_url=site.url)
    page = await context.new_page()
    devices = await context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    await password(page)
    await page.click("text=Add a passkey")
    await page.wait_for_url(site.url + "/")
    yield page
    await context.close()


async def password(page):
    await page.goto("/login")
    await page.fill("#name", "pat")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/login/*")


async def test_a_passkey_is_enrolled_and_lets_in_again(chromium, site):
    async with enrolled(chromium, site) as page:
        await page.click("text=Log out")
        await page.wait_for_url("**/login")
        await password(page)
        await page.click("text=Use a passkey")
        await page.wait_for_url(site.url + "/")


async def test_a_passkey_that_is_enrolled_already_is_named_as_such(chromium, site):
    async with enrolled(chromium, site) as page:
        await page.goto("/login/enrol")
        await page.click("text=Add a passkey")
        await expect(page.locator(".gw-passkey-note")).to_contain_text("one of your second factors already")


@pytest.mark.parametrize(
    "lacks", ["delete PublicKeyCredential.parseRequestOptionsFromJSON", "delete self.PublicKeyCredential"]
)
async def test_a_browser_that_knows_no_passkeys_is_told_so(chromium, site, lacks):
    async with enrolled(chromium, site) as page:
        await page.click("text=Log out")
        await page.wait_for_url("**/login")
        await password(page)
        await page.evaluate(lacks)
        await page.click("text=Use a passkey")
        await expect(page.locator(".gw-passkey-note")).to_contain_text("This browser cannot use passkeys here.")
