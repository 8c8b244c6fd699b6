"""A partner with ordering = "case" gets the records of one case in order; a stuck one parks only its own case."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.journeys import samples
from tests.journeys.partner_files import QUICK_RETRY, https, partner
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR

STUCK, AFTER, OTHER = 1, (2, 3, 4), 9


ONE_BY_ONE = '\n[partner.batching.case-transfer]\nmode = "count"\ncount = 1\nlimit = 1\nage = "100ms"\n' + QUICK_RETRY
"""Batches of one record each: what was earlier of its case is in another batch."""


def ordered(port, ordering, more=""):
    top = f'ordering = "{ordering}"\nconcurrency = 8'
    return {"michigan": partner("michigan", https(port, "michigan"), more, top)}


def serials(site):
    return [one.body[samples.SERIAL] for one in site.partners.to("michigan")]


def failing(status, times):
    """The stuck record fails so many times."""
    left = [times]

    async def behaviour(_request, body):
        if body[samples.SERIAL] == samples.serial(STUCK) and left[0]:
            left[0] -= 1
            return web.Response(status=status)
        return None

    return behaviour


async def post_all(site):
    await site.api.accepted("ohio", "csenet", samples.csenet(STUCK, case="CASE-A"))
    for number in AFTER:
        await site.api.accepted("ohio", "csenet", samples.csenet(number, case="CASE-A"))
    await site.api.accepted("ohio", "csenet", samples.csenet(OTHER, case="CASE-B"))


IN_ORDER = [samples.serial(number) for number in (STUCK, *AFTER)]


@pytest.mark.parametrize("batching", ["", ONE_BY_ONE], ids=["at once", "in batches"])
async def test_a_case_arrives_in_order_though_its_first_record_fails(sqlite_url, tmp_path, batching):
    async with whole(tmp_path, sqlite_url, changed=lambda port: ordered(port, "case", batching)) as site:
        site.partners.behaviours["michigan"] = failing(503, 3)
        await post_all(site)
        await until(lambda: len(serials(site)) == 5, "everything arrives")
        got = serials(site)
        assert [serial for serial in got if serial in IN_ORDER] == IN_ORDER
        assert got[0] == samples.serial(OTHER), "the other case does not wait"


@pytest.mark.parametrize("batching", ["", ONE_BY_ONE], ids=["at once", "in batches"])
async def test_a_dead_letter_parks_its_own_case_until_it_is_repaired(sqlite_url, tmp_path, batching):
    async with whole(tmp_path, sqlite_url, changed=lambda port: ordered(port, "case", batching)) as site:
        site.partners.behaviours["michigan"] = failing(422, 1)
        await post_all(site)

        async def dead():
            found = await site.api.get(OPERATOR, "/v1/deliveries?state=dead")
            return found["rows"]

        (letter,) = await until(dead, "the first record of the case is a dead letter")
        await until(lambda: serials(site) == [samples.serial(OTHER)], "the other case goes on alone")
        await site.api.operate(f"/v1/deliveries/{letter['id']}/retry", reason="mended")
        await until(lambda: len(serials(site)) == 5, "the case goes on after the repair")
        assert serials(site)[1:] == IN_ORDER


@pytest.mark.parametrize("batching", ["", ONE_BY_ONE], ids=["at once", "in batches"])
async def test_control_without_ordering_the_case_does_not_wait(sqlite_url, tmp_path, batching):
    async with whole(tmp_path, sqlite_url, changed=lambda port: ordered(port, "none", batching)) as site:
        site.partners.behaviours["michigan"] = failing(422, 1)
        await post_all(site)
        await until(lambda: len(serials(site)) == 4, "all but the dead letter arrive")

        async def dead():
            found = await site.api.get(OPERATOR, "/v1/deliveries?state=dead")
            return len(found["rows"]) == 1

        await until(dead, "the first record of the case is a dead letter")
