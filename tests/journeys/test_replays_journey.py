"""Dead letters are repaired in bulk: plan over a frozen selection, start by its token, watch the job."""

from __future__ import annotations

from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR


async def test_dead_letters_are_retried_in_bulk_by_a_frozen_plan(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        site.partners.statuses["texas"] = 422
        for number in range(5):
            await site.api.accepted("ohio", "csenet", samples.csenet(number, samples.SUMMARY, "texas"))

        async def dead():
            rows = (await site.api.get(OPERATOR, "/v1/deliveries?state=dead&partner=texas"))["rows"]
            return rows if len(rows) >= 5 else None

        letters = await until(dead, "five dead letters")
        assert {one["cause"] for one in letters} == {"http-422"}
        plan = await site.api.operate(
            "/v1/replays/plan", action="retry", reason="intake mended", state="dead", partner="texas"
        )
        assert plan["total"] == 5
        # A sixth comes after the plan was frozen: it is not part of the job.
        sixth = await site.api.accepted("ohio", "csenet", samples.csenet(6, samples.SUMMARY, "texas"))

        async def sixth_dead():
            return (await site.api.delivery(sixth))["state"] == "dead"

        await until(sixth_dead, "the sixth is dead, too")
        site.partners.statuses.clear()
        job = await site.api.operate("/v1/replays", token=plan["token"])
        again = await site.api.operate("/v1/replays", token=plan["token"])
        assert again["id"] == job["id"]

        async def done():
            found = await site.api.get(OPERATOR, f"/v1/replays/{job['id']}")
            return found if found["state"] == "done" else None

        ended = await until(done, "the job ends")
        assert (ended["done"], ended["skipped"]) == (5, 0)
        await until(lambda: len(site.partners.deliveries("texas")) == 5, "the five arrive")
        assert site.partners.deliveries("texas") == {one["id"] for one in letters}
        assert await sixth_dead()
