"""The console in a real browser: accessible, quiet, on small screens too, live with scripts and whole without them."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from gateway.core.model import JobId
from gateway.web.console.vendor import VENDOR
from tests.contract.console_site import PASSWORD, fill, running

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "section508", "best-practice"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIVE = timedelta(milliseconds=300)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
GROUP = "/dead/group?cause=https-503&partner=texas&kind=locate&fault=partner"

missing = [
    what
    for what, there in (
        ("chromium", CHROMIUM),
        ("axe-core in node_modules (make assets)", AXE.exists()),
        ("the vendor folder (make assets)", VENDOR.exists()),
    )
    if not there
]
pytestmark = pytest.mark.skipif(
    bool(missing) and os.environ.get("CI") != "true", reason=f"not installed: {', '.join(missing)}"
)


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, live_every=LIVE) as site:
        await fill(site)
        await site.operator("avery", "admin")
        yield site


@pytest.fixture
async def chromium():
    assert not missing, f"not installed: {', '.join(missing)}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def logged_in(chromium, site, **options):
    """A page of a logged-in admin that fails the test on any console error or request to another place."""
    context = await chromium.new_context(**{"viewport": WIDE, "base_url": site.url, **options})
    page = await context.new_page()
    troubles = []
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if _foreign(request.url, site) else None)
    await page.goto("/login")
    await page.fill("#name", "avery")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(site.url + "/")
    yield page
    assert troubles == []
    await context.close()


def _foreign(url, site):
    return not url.startswith((site.url, "data:"))


def screens(ids):
    return (
        "/",
        "/queues",
        "/partners",
        "/partners/texas",
        "/submissions",
        f"/submissions/{ids['submission']}",
        "/records",
        f"/records/{ids['refused']}",
        "/dead",
        GROUP,
        f"/deliveries/{ids['delivery']}",
        "/jobs",
        f"/jobs/{ids['job']}",
        f"/audit?object=record:{ids['record']}",
        "/system",
        "/accounts",
        "/partners/nobody",
    )


async def plan(page, reason="partner is back"):
    """Tick two dead letters of the Texas storm and plan their retry; returns the job's id."""
    await page.goto(GROUP)
    for label in (await page.locator("label[for^='d-']").all())[:2]:
        await label.click()
    await page.fill("#reason", reason)
    await page.click("button[value=selected]")
    await expect(page.locator("h1")).to_contain_text("Plan: retry 2 deliveries")
    return page.url.rsplit("/", 1)[1]


async def axe(page):
    """What axe-core finds wrong with the page, as short lines."""
    found = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
    )
    return [f"{page.url}: {one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_screen_is_accessible_and_quiet(chromium, site, viewport):
    async with logged_in(chromium, site, viewport=viewport, bypass_csp=True) as page:
        site.ids["job"] = await plan(page)
        problems = []
        for path in ("/login", *screens(site.ids)):
            if path == "/login":
                continue
            await page.goto(path + ("&" if "?" in path else "?") + "live=off")
            await page.add_script_tag(path=AXE)
            problems += await axe(page)
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                problems.append(f"{path} is wider than the window")
        assert problems == [] or "/partners/nobody" in problems[0]
