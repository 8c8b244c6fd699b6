"""The console in a real browser where it looks otherwise: on paper, in colours of the system, with long names."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import update

from gateway.core.model import Actor
from gateway.store.tables import attempts
from tests.contract.console_site import AGREEMENTS, PARTNERS, PASSWORD, TEXAS, fill, running
from tests.servers.chromium import CHROMIUM

pytestmark = [
    pytest.mark.skipif(not CHROMIUM and os.environ.get("CI") != "true", reason="not installed: chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]
PAPER = {"width": 720, "height": 1000}
"""A letter page without its margins."""
CUT = """() => [...document.querySelectorAll("main *:not(.usa-sr-only)")].filter((one) => {
  const style = getComputedStyle(one), hides = (how) => how !== "visible" && how !== "";
  return one.getBoundingClientRect().right > innerWidth + 1
      || (hides(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
      || (hides(style.overflowY) && one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.getAttribute("aria-label") ?? (one.className || one.tagName))"""
"""What is cut off: beyond the edge of the page, or hidden within its frame."""
CONTRAST = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (one) => {
    const color = channels(getComputedStyle(one).backgroundColor);
    return color[3] === 0 ? ground(one.parentElement) : color;
  };
  return [...document.querySelectorAll(".gw-plot svg text")].map((one) => {
    const [low, high] = [light(channels(getComputedStyle(one).fill)), light(ground(one))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
}"""
READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


@pytest_asyncio.fixture(loop_scope="module")
async def site(sqlite_url):
    async with running(sqlite_url) as site:
        await fill(site)
        await site.operator("operator", "operator")
        yield site


@asynccontextmanager
async def logged_in(chromium, site, **options):
    context = await chromium.new_context(base_url=site.url, **options)
    page = await context.new_page()
    await page.goto("/login")
    await page.fill("#name", "operator")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(site.url + "/")
    yield page
    await context.close()


async def test_nothing_of_a_page_is_cut_off_on_paper(chromium, site):
    paths = (
        "/?",
        "/queues?",
        "/partners?",
        "/partners/texas?",
        f"/records/{site.ids['record']}?",
        "/records?view=all&",
    )
    cut = {}
    async with logged_in(chromium, site, viewport=PAPER) as page:
        for path in (*paths, f"/deliveries/{site.ids['delivery']}?", "/submissions?", "/system?"):
            await page.goto(path + "live=off")
            await page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
            on_screen = await page.evaluate(CUT)
            await page.emulate_media(media="print")
            cut[path] = await page.evaluate(CUT)
            await page.emulate_media(media="screen")
            if path == "/queues?":
                assert "Queues by partner" in on_screen, "the control: there it scrolls"
    assert {path: found for path, found in cut.items() if found} == {}


async def test_a_long_answer_of_a_partner_is_whole_on_paper(chromium, site):
    async with site.database.write() as connection:
        await connection.execute(update(attempts).values(answer="https://partner.invalid/" + "x" * 200))
    async with logged_in(chromium, site, viewport=PAPER) as page:
        await page.goto(f"/deliveries/{site.ids['delivery']}")
        await page.emulate_media(media="print")
        assert await page.evaluate(CUT) == []


async def test_plots_can_be_read_in_the_system_s_own_colours(chromium, site):
    async with logged_in(chromium, site, forced_colors="active", color_scheme="dark", bypass_csp=True) as page:
        await page.goto("/?live=off")
        found = await page.evaluate(CONTRAST)
        assert len(found) > 10
        assert min(found) >= READABLE
        assert await page.locator("#find").evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
        await page.add_style_tag(content=".gw-plot svg { background: #000 !important }")  # the control
        assert min(await page.evaluate(CONTRAST)) < READABLE


@pytest.mark.parametrize("width", [1280, 320])
async def test_the_longest_name_of_a_partner_fits_the_window(chromium, site, width):
    longest = tuple(replace(one, name="W" * 200) if one.key == TEXAS else one for one in PARTNERS)
    entry = site.parts.scribe.entry(Actor("operator", "setup"), "partner.applied", "partner:texas")
    await site.parts.partners.apply(longest, AGREEMENTS, [entry])
    async with logged_in(chromium, site, viewport={"width": width, "height": 800}) as page:
        for path in ("/?live=off", "/queues?live=off", "/partners", "/partners/texas", "/records", "/deliveries"):
            await page.goto(path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
