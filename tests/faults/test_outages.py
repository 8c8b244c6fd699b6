"""Servers that go away under the gateway: nothing is half accepted, and everything goes on by itself."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.model import Page
from tests.journeys import samples
from tests.journeys.site import until, whole


async def listed(site):
    return (await site.process.base.stores.submissions.list(None, Page())).rows


@pytest.mark.timeout(240)
async def test_with_the_store_down_nothing_is_accepted_and_it_comes_back_by_itself(
    breakable_cluster, breakable_postgres_url, tmp_path
):
    async with whole(tmp_path, breakable_postgres_url) as site:
        await site.api.accepted("ohio", "csenet", samples.csenet(1))
        await asyncio.to_thread(breakable_cluster.kill9)
        try:
            down = await site.api.submit("ohio", "csenet", samples.csenet(2), "second")
            ready = await site.api.send("ohio", "GET", "/readyz")
            alive = await site.api.send("ohio", "GET", "/livez")
        finally:
            await asyncio.to_thread(breakable_cluster.restart)
        assert down.status == 503
        assert int(down.headers["Retry-After"]) >= 1
        assert down.json["code"] == "store-unavailable"
        assert (ready.status, alive.status) == (503, 200)

        async def taken():
            return (await site.api.submit("ohio", "csenet", samples.csenet(2), "second")).status == 202

        await until(taken, "the post is accepted again")
        await until(lambda: len(site.partners.deliveries("michigan")) == 2, "both records arrive")
        assert len(await listed(site)) == 2


@pytest.mark.timeout(300)
async def test_with_the_broker_down_posts_are_accepted_and_its_lost_queues_are_rebuilt_from_the_store(
    breakable_node, breakable_amqp_url, sqlite_url, tmp_path
):
    async with whole(tmp_path, sqlite_url, broker=breakable_amqp_url) as site:
        await site.api.accepted("ohio", "csenet", samples.csenet(1))
        await until(lambda: site.partners.to("michigan"), "the first record arrives")
        # Announced, and waiting in the broker and at the partner's door when all data of the broker is lost.
        site.partners.statuses["michigan"] = 503
        for number in range(2, 6):
            await site.api.accepted("ohio", "csenet", samples.csenet(number))
        await until(lambda: len(site.partners.tries) > 3, "the partner turns them away")
        await asyncio.to_thread(breakable_node.kill9)
        during = await site.api.submit("ohio", "csenet", samples.csenet(9))
        assert during.status == 202
        await asyncio.to_thread(breakable_node.wipe)
        site.partners.statuses.clear()
        await until(lambda: len(site.partners.deliveries("michigan")) == 6, "all that was accepted arrives", 90)
