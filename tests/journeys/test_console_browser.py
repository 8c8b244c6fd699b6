"""The console in a real browser: accessible, quiet, on small screens too, live with scripts and whole without them."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from gateway.core.errors import Unavailable
from gateway.core.model import Actor, JobId
from gateway.web.console.vendor import VENDOR
from tests.contract.console_site import PARTNERS, PASSWORD, fill, running
from tests.contract.test_console_amending import asked as asked_amendment
from tests.contract.test_console_amending import keep, mender
from tests.servers.chromium import CHROMIUM
from tests.unit.work_site import SPEECH

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "section508", "best-practice"]
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
pytestmark = [
    pytest.mark.skipif(bool(missing) and os.environ.get("CI") != "true", reason=f"not installed: {', '.join(missing)}"),
    pytest.mark.asyncio(loop_scope="module"),  # one browser for all: its start takes longer than most of the tests
]


@pytest_asyncio.fixture(loop_scope="module")
async def site(sqlite_url):
    assert not missing, f"not installed: {', '.join(missing)}"
    async with running(sqlite_url, live_every=LIVE) as site:
        await fill(site)
        for role in ("operator", "auditor", "admin"):
            await site.operator(role, role, break_glass=role == "operator")
        yield site


@asynccontextmanager
async def logged_in(chromium, site, name="operator", expected=None, **options):
    """A page of somebody logged in that fails the test on any console error, but for those with what is ``expected``,
    and on any request to another place."""
    context = await chromium.new_context(**{"viewport": WIDE, "base_url": site.url, **options})
    page = await context.new_page()
    troubles = []
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if _foreign(request.url, site) else None)
    await page.goto("/login")
    await page.fill("#name", name)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(site.url + "/")
    yield page
    assert [one for one in troubles if expected is None or expected not in one] == []
    await context.close()


def _foreign(url, site):
    return not url.startswith((site.url, "data:"))


def screens(ids):
    """Each screen, by a role that sees it."""
    return {
        "operator": shown_to_operators(ids),
        "auditor": (f"/audit?object=record:{ids['record']}", "/glass"),
        "admin": ("/accounts",),
    }


def shown_to_operators(ids):
    return (
        "/",
        "/queues",
        "/partners",
        "/partners/texas",
        "/submissions",
        f"/submissions/{ids['submission']}",
        "/records",
        f"/records/{ids['refused']}",
        "/deliveries",
        "/dead",
        GROUP,
        f"/deliveries/{ids['delivery']}",
        "/jobs",
        f"/jobs/{ids['job']}",
        "/overrides",
        "/break",
        "/system",
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


async def test_every_screen_is_accessible_and_quiet_on_wide_and_narrow_windows(chromium, site):
    problems = []
    async with logged_in(chromium, site) as page:
        site.ids["job"] = await plan(page)
    for name, paths in screens(site.ids).items():
        async with logged_in(chromium, site, name, bypass_csp=True) as page:
            for path in paths:
                await page.goto(path + ("&" if "?" in path else "?") + "live=off")
                problems += await both_sizes(page)
    async with logged_in(chromium, site, bypass_csp=True) as page:
        await page.goto("/queues?live=off")  # a live page would ask again meanwhile, and be turned away
        await page.context.clear_cookies()
        await page.goto("/login")
        problems += await both_sizes(page)
    assert problems == []


async def both_sizes(page):
    """What is wrong with the page in a wide and in a narrow window."""
    problems = []
    await page.add_script_tag(path=AXE)
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        problems += [f"{size['width']} px: {one}" for one in await axe(page)]
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(f"{page.url} is wider than {size['width']} px")
    return problems


async def test_a_time_in_a_narrow_column_breaks_after_its_day_and_not_within_it(chromium, site):
    async with logged_in(chromium, site, bypass_csp=True, viewport={"width": 900, "height": 900}) as page:
        await page.goto("/partners/texas")
        lines = "all => [...new Set(all.map(one => one.getClientRects().length))]"
        assert await page.locator("td .gw-day").evaluate_all(lines) == [1]
        await page.add_style_tag(content=".gw-day { white-space: normal !important }")  # the control
        assert await page.locator("td .gw-day").evaluate_all(lines) != [1]


async def test_what_an_amendment_changes_fits_a_narrow_window(chromium, sqlite_url):
    async with running(sqlite_url, canonical=SPEECH().canonical, mending=mender) as site:
        await fill(site)
        await keep(site)
        async with site.browser("operator") as client:
            asked = await asked_amendment(site, client)
        await site.operator("steward", "data-steward")
        async with logged_in(chromium, site, "steward", viewport=NARROW) as page:
            await page.goto(asked.replace("/approvals/", "/amendments/"))
            await page.fill("#reason", "compared")
            await page.click("text=Look at it")
            await expect(page.locator("label[for='p-1']")).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


async def test_the_accessibility_check_finds_what_is_wrong(chromium, site):
    """The control: a page with a nameless field must not pass."""
    async with logged_in(chromium, site, bypass_csp=True) as page:
        await page.evaluate("document.querySelector('main').append(document.createElement('input'))")
        await page.add_script_tag(path=AXE)
        assert any("label" in problem for problem in await axe(page))


async def test_live_figures_move_without_a_reload_and_without_losing_the_focus(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto("/queues")
        link = page.locator("#live a", has_text="Texas")
        await link.focus()
        before = await page.locator(".gw-asof time").get_attribute("datetime")
        entry = site.parts.scribe.entry(Actor("operator", "kim"), "partner.applied", "partner:iowa")
        await site.parts.partners.pause(PARTNERS[1].key, entry, paused=True)
        await expect(page.locator("#live tr", has=page.locator("a"), has_text="Iowa")).to_contain_text("paused")
        await expect(page.locator(".gw-asof time")).not_to_have_attribute("datetime", before)
        assert await page.evaluate("document.activeElement.textContent") == PARTNERS[2].name
        await page.click("text=Pause live updates")
        await expect(page.locator("text=Live updates are paused")).to_be_visible()
        assert await page.locator("#live").get_attribute("hx-sse:connect") is None


async def test_a_table_that_was_opened_on_a_live_page_stays_open(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto("/queues")
        await page.click("#table-1 summary")
        for _ in range(2):
            before = await page.locator(".gw-asof time").get_attribute("datetime")
            await expect(page.locator(".gw-asof time")).not_to_have_attribute("datetime", before)
        assert await page.locator("#table-1").evaluate("one => one.open")
        await page.click("#table-1 summary")
        assert not await page.locator("#table-1").evaluate("one => one.open")


async def test_figures_that_stand_still_say_so_until_they_move_again(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.clock.install()
        await page.goto("/queues")
        whole = site.parts.desk.queues

        async def away():
            raise Unavailable("The store does not answer.")

        site.parts.desk.queues = away
        while await page.locator("#stale").is_hidden():  # figures from before may still be on their way
            await page.clock.fast_forward(11_000)
            await asyncio.sleep(LIVE.total_seconds())
        site.parts.desk.queues = whole
        await expect(page.locator("#stale")).to_be_hidden()
        await page.clock.fast_forward(9_000)
        await expect(page.locator("#stale")).to_be_hidden()


async def test_a_live_page_in_a_tab_that_nobody_saw_speaks_of_no_outage(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.clock.install()
        await page.goto("/queues")
        await expect(page.locator("#live")).to_contain_text("Texas")
        await page.clock.pause_at(await page.evaluate("Date.now()") / 1_000 + 1)  # else it goes on between two steps
        await seen(page, hidden=True)
        await page.clock.fast_forward(60_000)
        assert await page.locator("#stale").is_hidden()
        nothing = {"content_type": "text/event-stream", "body": ": nothing new\n\n"}
        await page.route("**/queues/live*", lambda route: route.fulfill(**nothing))
        await seen(page, hidden=False)
        await page.clock.fast_forward(9_000)
        assert await page.locator("#stale").is_hidden()
        await page.clock.fast_forward(2_000)
        assert await page.locator("#stale").is_visible(), "the control: seen, and still no news"


async def seen(page, *, hidden):
    """What a browser tells a page whose tab goes into the background, or comes back."""
    await page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_an_outage_takes_the_whole_window_and_ends_by_itself(chromium, site):
    async with logged_in(chromium, site, expected="503") as page:
        await page.goto("/records")
        whole = site.parts.records.search

        async def away(*_):
            raise Unavailable("The store does not answer.", retry_after=timedelta(seconds=1))

        site.parts.records.search = away
        await page.select_option("#state", "refused")
        await page.click("text=Filter")
        await expect(page.locator("h1")).to_have_text("A part of the gateway is not available")
        site.parts.records.search = whole
        await expect(page.locator("h1")).to_have_text("Records")
        assert "state=refused" in page.url


async def test_a_live_page_whose_figures_cannot_come_at_first_tries_again(chromium, site):
    async with logged_in(chromium, site, expected="503") as page:
        await page.clock.install()
        await page.route("**/queues/live*", lambda route: route.fulfill(status=503, body="<h1>away</h1>"))
        await page.goto("/queues")
        await expect(page.locator("#stale")).to_be_visible()
        await expect(page.locator("h1")).to_have_text("Queues")
        await expect(page.locator("#live")).to_contain_text("Texas")
        await page.unroute("**/queues/live*")
        async with page.expect_response("**/queues/live*") as answer:
            await page.clock.fast_forward(10_000)
        assert (await answer.value).status == 200


async def test_a_live_page_lives_though_a_part_of_its_scripts_comes_late(chromium, site):
    async def late(route):
        await asyncio.sleep(1)
        await route.continue_()

    async with logged_in(chromium, site) as page:
        await page.route("**/hx-sse.min.js", late)
        async with page.expect_response("**/queues/live*") as answer:
            await page.goto("/queues")
        assert (await answer.value).status == 200


async def test_a_live_page_that_is_one_too_many_says_so_and_speaks_of_no_outage(chromium, site):
    async with logged_in(chromium, site, expected="429") as page:
        await page.route("**/queues/live*", lambda route: route.fulfill(status=429, body="<h1>many</h1>"))
        await page.goto("/queues")
        await expect(page.locator("#stale")).to_contain_text("Too many live pages are open")
        await expect(page.locator("#stale")).not_to_contain_text("away")
        await expect(page.locator("#live")).to_contain_text("Texas")


async def test_a_live_page_leads_to_the_login_when_the_login_has_ended(chromium, site):
    async with logged_in(chromium, site, expected="401") as page:
        await page.goto("/queues")
        await expect(page.locator("#live")).to_contain_text("Texas")
        site.clock.ahead = timedelta(minutes=16)
        await page.wait_for_url("**/login*")


async def test_a_filter_replaces_the_results_keeps_the_address_and_says_so(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto("/records")
        await page.select_option("#state", "refused")
        await page.click("text=Filter")
        await expect(page.locator("#results")).not_to_contain_text("unroutable")
        await expect(page.locator("#results")).to_contain_text("refused")
        await expect(page.locator("#announcement")).to_have_text("3 shown.")
        assert "state=refused" in page.url
        await page.select_option("#state", "unroutable")
        await page.click("text=Filter")
        await expect(page.locator("#results")).to_contain_text("unroutable")


async def test_an_operator_repairs_a_storm_and_watches_the_job(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.click("text=https-503")
        await expect(page.locator("button[value=selected]")).to_be_disabled()
        job = await plan(page)
        await page.click("text=Start: retry 2")
        await expect(page.locator("#live")).to_contain_text("0 of 2 done")
        await site.parts.jobs.progress(JobId(job), await site.parts.jobs.next(JobId(job), 10), ())
        await expect(page.locator("#live")).to_contain_text("2 of 2 done")
        entry = site.parts.scribe.entry(Actor("gateway", "bulk"), "job.ended", f"job:{job}")
        await site.parts.jobs.end(JobId(job), "done", entry)
        await expect(page.locator("text=Cancel the rest")).to_have_count(0)


async def test_the_keyboard_reaches_the_content_first(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Skip to main content"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"


FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at), label = at.labels?.[0];
  const seen = at.matches(".usa-checkbox__input") ? label : at, box = seen.getBoundingClientRect();
  const drawn = getComputedStyle(label ?? at, at.matches(".usa-checkbox__input") ? "::before" : null);
  const outlined = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2;
  return {text: (label ?? at).textContent.trim() || at.id, tag: at.tagName, type: at.type,
          visible: (outlined(style) || outlined(drawn)) && box.bottom > 0 && box.top < innerHeight};
}"""


async def tab_to(page, words, most=60):
    """Press Tab until what says just these words has the focus; every stop on the way must be seen."""
    seen = []
    for _ in range(most):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUS)
        assert at["visible"] or at["tag"] == "BODY" or at["text"] == "Skip to main content", at
        seen.append(at["text"][:40])
        if at["text"] == words:
            return
    raise AssertionError(f"Tab does not lead to {words!r}: {seen}")


async def test_a_storm_is_repaired_with_the_keyboard_alone_in_a_narrow_window(chromium, site):
    async with logged_in(chromium, site, viewport=NARROW) as page:
        await page.goto("/dead?fault=partner")
        await tab_to(page, "https-503")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("https-503")
        await tab_to(page, "Select all on this page")
        await page.keyboard.press("Space")
        await expect(page.locator("button[value=selected]")).to_have_text("Plan for 12 selected")
        await tab_to(page, "Reason")
        await page.keyboard.type("partner is back")
        await page.keyboard.press("Enter")
        await expect(page).to_have_title(re.compile("^Plan: retry 12 "))
        await tab_to(page, "Start: retry 12")
        await page.keyboard.press("Enter")
        await expect(page).to_have_title(re.compile("^Job running: retry 12 "))
        await page.goto(f"/deliveries/{site.ids['delivery']}")
        await tab_to(page, "Reason to withdraw")
        await page.keyboard.press("Shift+Tab")
        await tab_to(page, "Log out", 90)
        await page.keyboard.press("Space")
        await expect(page).to_have_url(site.url + "/login")


async def test_whoever_comes_back_to_ticked_boxes_finds_them_counted(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto(GROUP)
        for label in (await page.locator("label[for^='d-']").all())[:2]:
            await label.click()
        await page.click("tbody th a >> nth=0")
        await expect(page.locator("h1")).to_have_text("Delivery")
        await page.go_back()
        await expect(page.locator("tbody input:checked")).to_have_count(2)
        await expect(page.locator("button[value=selected]")).to_have_text("Plan for 2 selected")
        await expect(page.locator("button[value=selected]")).to_be_enabled()


async def test_whoever_comes_back_to_the_records_of_a_case_finds_them(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto("/records")
        await page.fill("#case_id", "C-42")
        await page.click("text=Search by case")
        await expect(page.locator("#results tbody tr")).to_have_count(3)
        await page.click("#results tbody th a >> nth=0")
        await expect(page.locator("h1")).to_have_text("Record")
        await page.go_back()
        await expect(page.locator("#results tbody tr")).to_have_count(3)
        assert "C-42" not in page.url


async def test_a_filter_marks_the_view_that_is_shown(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.goto("/records")
        marked = page.locator(".gw-tabs a[aria-current]")
        await expect(marked).to_have_text("Need attention")
        await page.select_option("#state", "routed")
        await page.click("text=Filter")
        await expect(page.locator("#results tbody tr")).to_have_count(50)
        await expect(marked).to_have_text("All")


async def test_the_check_of_the_focus_finds_one_that_cannot_be_seen(chromium, site):
    """The control."""
    async with logged_in(chromium, site, bypass_csp=True) as page:
        await page.goto("/dead")
        await page.add_style_tag(content="*:focus, *:focus + label::before { outline: none !important }")
        with pytest.raises(AssertionError, match="'visible': False"):
            await tab_to(page, "https-503")


async def test_a_login_that_is_about_to_end_says_so_and_one_click_keeps_it(chromium, site):
    async with logged_in(chromium, site) as page:
        await page.clock.install(time=0)
        await page.clock.pause_at(1_000)  # else it goes on while pages load
        await page.goto("/records")
        await page.clock.fast_forward("12:59")
        await expect(page.locator("#expiry")).to_be_hidden()
        await page.clock.fast_forward("00:02")
        await expect(page.locator("#expiry")).to_be_visible()
        await page.click("text=Stay logged in")
        await expect(page.locator("#expiry")).to_be_hidden()


async def test_everything_that_matters_works_without_scripts(chromium, site):
    async with logged_in(chromium, site, java_script_enabled=False) as page:
        for path in ("/queues", "/partners", "/submissions", "/dead", "/jobs", "/system"):
            await page.goto(path)
            assert await page.locator("main h1").count() == 1
        await page.fill("#find", str(site.ids["record"]))
        await page.click(".gw-find button")
        assert page.url.endswith(f"/records/{site.ids['record']}")
        await page.goto("/records")
        await page.select_option("#state", "refused")
        await page.click("text=Filter")
        assert "state=refused" in page.url
        job = await plan(page)
        await page.click("text=Start: retry 2")
        assert (await site.parts.jobs.get(JobId(job))).state == "running"
        await page.goto(f"/deliveries/{site.ids['delivery']}")
        await page.fill("#withdraw-reason", "sent by mail")
        await page.click("text=Withdraw this delivery")
        await expect(page.locator(".gw-head")).to_contain_text("withdrawn")
        await page.click("text=Log out")
        assert page.url.endswith("/login")


async def test_the_picture_of_the_overview_can_be_taken(chromium, site, tmp_path):
    """``UPDATE_PICTURES=1`` puts it where the README shows it."""
    chosen = os.environ.get("UPDATE_PICTURES") == "1"
    path = ROOT / "docs" / "console-overview.png" if chosen else tmp_path / "console-overview.png"
    async with logged_in(chromium, site) as page:
        await expect(page.locator(".gw-tile")).to_have_count(6)
        await page.evaluate("document.fonts.ready")
        path.parent.mkdir(exist_ok=True)
        await page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 20_000
