"""Live pages of the console: figures that come by themselves, bounded in number and in time."""

import asyncio
import time
from datetime import timedelta

import pytest

from gateway.core.errors import Unavailable
from gateway.core.model import (
    Actor,
    JobId,
)
from gateway.web.console import pulse
from tests.contract.console_forms import GROUP, send
from tests.contract.console_site import fill, log_in, running


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, live_every=timedelta(milliseconds=50)) as site:
        await fill(site)
        yield site


async def events(response, count):
    """The next events of a stream, as their lines without ``data:``."""
    found = []
    while len(found) < count:
        block = []
        while (line := (await response.content.readline()).decode().rstrip("\n")) or not block:
            if not line and response.content.at_eof():
                return found
            block.append(line)
        if not block[0].startswith("retry"):
            found.append("\n".join(one.removeprefix("data: ") for one in block))
    return found


@pytest.mark.parametrize(("path", "words"), [("/live", "Biggest failure groups"), ("/queues/live", "Texas")])
async def test_a_live_page_gets_new_figures_again_and_again(site, path, words):
    async with site.browser("operator") as client, client.get(path) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        found = await asyncio.wait_for(events(stream, 3), 10)
    assert all(words in one for one in found)
    assert not any("hx-" in one for one in found)


@pytest.mark.parametrize("path", ["/live", "/queues/live"])
async def test_a_live_page_tells_of_a_check_that_fails_after_it_was_opened(sqlite_url, monkeypatch, path):
    broken = asyncio.Event()

    async def disk():
        if broken.is_set():
            raise Unavailable("The disk is full.")

    monkeypatch.setattr(pulse, "EVERY", 0.05)
    quick = timedelta(milliseconds=50)
    async with running(sqlite_url, checks={"disk": disk}, live_every=quick) as site, site.browser("operator") as client:
        stream = await client.get(path)
        assert "disk" not in (await asyncio.wait_for(events(stream, 1), 10))[0].lower()
        broken.set()
        while "disk" not in (await asyncio.wait_for(events(stream, 1), 10))[0].lower():
            pass
        stream.close()


async def test_a_job_page_ends_its_stream_with_the_job(site):
    async with site.browser("operator") as client:
        plan = await send(client, "/dead/plan", **GROUP, scope="all", action="retry", reason="partner is back")
        await send(client, plan + "/start")
        job = JobId(plan.rsplit("/", 1)[1])
        async with client.get(plan + "/live") as stream:
            assert "0 of 12 done" in (await asyncio.wait_for(events(stream, 1), 10))[0]
            await site.parts.jobs.progress(job, await site.parts.jobs.next(job, 100), ())
            entry = site.parts.scribe.entry(Actor("gateway", "bulk"), "job.ended", f"job:{job}")
            await site.parts.jobs.end(job, "done", entry)
            rest = await asyncio.wait_for(stream.content.read(), 10)
        assert "12 of 12 done" in rest.decode()
        assert rest.decode().endswith("event: finished\ndata: .\n\n")


async def test_an_open_stream_does_not_hold_up_the_shutdown(sqlite_url):
    async with running(sqlite_url, live_every=timedelta(minutes=1)) as site, site.browser("operator") as client:
        stream = await client.get("/live")
        await asyncio.wait_for(events(stream, 1), 10)
        begun = time.monotonic()
        await site.application.shutdown()
        await asyncio.wait_for(stream.content.read(), 2)
        assert time.monotonic() - begun < 2
        stream.close()


async def test_a_logout_ends_the_live_pages_of_that_login_only(site):
    async with site.browser("operator") as client, site.browser() as other:
        await log_in(other, "operator")
        mine, theirs = await client.get("/live"), await other.get("/live")
        await send(client, "/logout")
        await asyncio.wait_for(mine.content.read(), 5)
        assert len(await asyncio.wait_for(events(theirs, 2), 5)) == 2
        theirs.close()


async def test_an_open_page_alone_does_not_keep_a_login_alive(site):
    async with site.browser("operator") as client:
        stream = await client.get("/live")
        await asyncio.wait_for(events(stream, 1), 5)
        site.clock.ahead = timedelta(minutes=15, seconds=1)
        await asyncio.wait_for(stream.content.read(), 5)
        assert (await client.get("/live", headers={"HX-Request": "true"})).status == 401


@pytest.mark.parametrize("path", ["/live", "/queues/live"])
async def test_a_live_page_that_asks_again_does_not_keep_a_login_alive_either(site, path):
    """As it does by itself when the gateway was started again, or a proxy ended the stream."""
    async with site.browser("operator") as client:
        for minutes in (5, 10, 14):
            site.clock.ahead = timedelta(minutes=minutes)
            stream = await client.get(path)
            await asyncio.wait_for(events(stream, 1), 5)
            stream.close()
        stream = await client.get(path)
        site.clock.ahead = timedelta(minutes=15, seconds=1)
        await asyncio.wait_for(stream.content.read(), 5)
        assert (await client.get(path, headers={"HX-Request": "true"})).status == 401


async def test_live_pages_are_bounded_in_number(sqlite_url):
    async with running(sqlite_url, streams=1) as site, site.browser("operator") as client:
        stream = await client.get("/live")
        await asyncio.wait_for(events(stream, 1), 5)
        assert (await client.get("/live")).status == 429
        stream.close()


async def test_a_stream_outlives_a_store_that_is_away_for_a_moment(site):
    async with site.browser("operator") as client, client.get("/queues/live") as stream:
        await asyncio.wait_for(events(stream, 1), 5)
        whole = site.parts.desk.queues

        async def away():
            raise Unavailable("The store does not answer.")

        site.parts.desk.queues = away
        await asyncio.sleep(0.2)
        site.parts.desk.queues = whole

        async def next_figures():
            while "Texas" not in (await events(stream, 1))[0]:
                pass

        await asyncio.wait_for(next_figures(), 5)
