"""A partner that pulls: leases, fetches, acknowledges, refuses, and vouches for the bytes it got."""

from __future__ import annotations

import hashlib

import pytest

from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR

TRIBE = "tribe-90830"
TRIBES_CASE = slice(60, 75)


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        yield site


async def parcels(site, numbers, sample=samples.LOCATE):
    """Leased parcels of so many records of Ohio to the tribe."""
    for number in numbers:
        sent = samples.csenet(number, sample, TRIBE)
        if sample is not samples.LOCATE:
            sent = sent[: TRIBES_CASE.start] + b"TR77".ljust(15) + sent[TRIBES_CASE.stop :]
        await site.api.accepted("ohio", "csenet", sent)
    found = []

    async def all_there():
        found.extend((await site.api.get(TRIBE, "/v1/mailbox"))["rows"])
        return len(found) == len(numbers)

    await until(all_there, "all parcels are in the mailbox")
    return found


async def state(site, parcel):
    return await site.api.get(OPERATOR, f"/v1/deliveries/{parcel['delivery']}")


async def test_a_parcel_is_leased_fetched_and_acknowledged(site):
    (parcel,) = await parcels(site, [1])
    assert (await site.api.get(TRIBE, "/v1/mailbox"))["rows"] == [], "a leased parcel is shown to nobody else"
    fetched = await site.api.send(TRIBE, "GET", f"/v1/mailbox/{parcel['delivery']}")
    assert hashlib.sha256(fetched.body).hexdigest() == parcel["digest"]
    assert fetched.headers["Gateway-Delivery"] == parcel["delivery"]
    assert (await state(site, parcel))["state"] == "waiting"
    taken = await site.api.say(TRIBE, f"/v1/mailbox/{parcel['delivery']}/acknowledge", digest=parcel["digest"])
    assert taken.status == 200, taken.body
    assert (await state(site, parcel))["state"] == "delivered"


async def test_a_refused_parcel_is_a_dead_letter_with_the_partners_reason(site):
    (parcel,) = await parcels(site, [2])
    refused = await site.api.say(TRIBE, f"/v1/mailbox/{parcel['delivery']}/refuse", reason="not-our-case")
    assert refused.status == 200, refused.body
    found = await state(site, parcel)
    assert (found["state"], found["cause"]) == ("dead", "not-our-case")
    groups = (await site.api.get(OPERATOR, "/v1/dead-letters"))["rows"]
    assert [(one["partner"], one["count"]) for one in groups] == [(TRIBE, 1)]
    assert site.partners.to("ohio") == []

    # A tribe that has no such case thereby answers the state with MSC P REJCT.
    (parcel,) = await parcels(site, [5], samples.ENFORCEMENT)
    refused = await site.api.say(TRIBE, f"/v1/mailbox/{parcel['delivery']}/refuse", reason="case-unknown")
    assert refused.status == 200, refused.body
    (arrival,) = await until(lambda: site.partners.to("ohio"), "Ohio has the rejection")
    assert arrival.body[33:37] + arrival.body[75:80] == b"PMSCREJCT"
    assert (await state(site, parcel))["cause"] == "case-unknown"


async def test_an_acknowledgement_of_other_bytes_is_refused(site):
    (parcel,) = await parcels(site, [3])
    word = {"delivery": parcel["delivery"], "outcome": "accepted"}
    wrong = await site.api.say(TRIBE, "/v1/acknowledgements", digest="0" * 64, **word)
    assert (wrong.status, wrong.json["code"]) == (422, "digest-mismatch")
    assert (await state(site, parcel))["state"] == "waiting"
    right = await site.api.say(TRIBE, "/v1/acknowledgements", digest=parcel["digest"], **word)
    assert right.status == 200, right.body
    assert (await state(site, parcel))["state"] == "delivered"


async def test_nobody_else_sees_or_settles_a_parcel(site):
    (parcel,) = await parcels(site, [4])
    for caller in ("acme", "texas"):
        assert (await site.api.send(caller, "GET", f"/v1/mailbox/{parcel['delivery']}")).status == 404
        word = {"delivery": parcel["delivery"], "outcome": "accepted", "digest": parcel["digest"]}
        assert (await site.api.say(caller, "/v1/acknowledgements", **word)).status == 404
    assert (await state(site, parcel))["state"] == "waiting"
