"""Partners that are away, slow or cut off: the delivery keeps its id and bytes until it has arrived."""

from __future__ import annotations

import pytest

from tests.journeys import samples
from tests.journeys.partner_files import https, partner
from tests.journeys.partner_server import closes_early, is_slow
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR
from tests.servers.proxy import proxy


async def history(site, receipt):
    delivery = await site.api.delivery(receipt)
    return await site.api.get(OPERATOR, f"/v1/deliveries/{delivery['id']}")


async def failed(site, receipt, code):
    """Wait for an attempt that failed with this code, transiently."""

    async def found():
        attempts = (await history(site, receipt))["history"]
        return [one for one in attempts if one["code"] == code and one["outcome"] == "transient"]

    return await until(found, f"an attempt ends with {code}")


async def arrived_once(site, receipt):
    async def delivered():
        return (await history(site, receipt))["state"] == "delivered"

    await until(delivered, "the record is delivered")
    (delivery,) = {(one.delivery, one.digest) for one in site.partners.to("michigan")}
    detail = await history(site, receipt)
    assert delivery == (detail["id"], detail["digest"])
    return detail


async def test_a_partner_that_refuses_connections_gets_its_record_when_it_is_back(sqlite_url, tmp_path):
    async with proxy(0) as between:
        endpoint = https(between.port, "michigan")
        async with whole(tmp_path, sqlite_url, changed=lambda _: {"michigan": partner("michigan", endpoint)}) as site:
            between.target = site.partners.port
            await between.refuse()
            receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
            await failed(site, receipt, "connect-failed")
            await between.start()
            await arrived_once(site, receipt)


async def test_an_answer_that_is_cut_off_makes_a_resend_of_the_same_delivery(sqlite_url, tmp_path):
    async with proxy(0) as between:
        endpoint = https(between.port, "michigan")
        async with whole(tmp_path, sqlite_url, changed=lambda _: {"michigan": partner("michigan", endpoint)}) as site:
            between.target = site.partners.port
            between.cut_answers_after = 0
            receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
            await failed(site, receipt, "closed-early")
            between.cut_answers_after = None
            await arrived_once(site, receipt)
            assert len(site.partners.to("michigan")) > 1, "it had arrived before, and nobody knew"


async def test_a_half_closed_connection_is_a_transient_failure(sqlite_url, tmp_path):
    async with proxy(0) as between:
        endpoint = https(between.port, "michigan")
        async with whole(tmp_path, sqlite_url, changed=lambda _: {"michigan": partner("michigan", endpoint)}) as site:
            between.target = site.partners.port
            site.partners.behaviours["michigan"] = is_slow
            receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
            await until(lambda: site.partners.tries, "the partner has it and says nothing")
            await between.half_close()
            await failed(site, receipt, "closed-early")
            site.partners.behaviours.clear()
            await arrived_once(site, receipt)


@pytest.mark.parametrize(("behaviour", "code"), [(closes_early, "closed-early"), (is_slow, "http-timeout")])
async def test_an_answer_that_is_no_answer_is_a_transient_failure(sqlite_url, tmp_path, behaviour, code):
    async with whole(tmp_path, sqlite_url) as site:
        site.partners.behaviours["michigan"] = behaviour
        receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
        await failed(site, receipt, code)
        assert (await history(site, receipt))["state"] != "dead"
        site.partners.behaviours.clear()
        detail = await arrived_once(site, receipt)
        assert detail["attempts"] == len(detail["history"]) > 1
