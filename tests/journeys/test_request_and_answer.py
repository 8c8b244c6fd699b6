"""From post to proof on both stores and both brokers: a tribe asks a state, and the state's answer comes back."""

from __future__ import annotations

import hashlib
import json

import pytest

from gateway.audit.proof import check_proof
from tests.journeys import samples
from tests.journeys.meaning import contents
from tests.journeys.site import until, whole


@pytest.fixture(params=["embedded", "real servers"])
async def site(request, tmp_path):
    real = request.param == "real servers"
    database = request.getfixturevalue("postgres_url" if real else "sqlite_url")
    broker = request.getfixturevalue("amqp_url") if real else None
    async with whole(tmp_path, database, broker=broker) as site:
        yield site


async def test_a_tribes_json_request_arrives_as_csenet_and_the_states_answer_comes_back_as_json(site):
    request = samples.locate(7)
    await site.api.accepted("tribe-90830", "json", samples.as_json(request))
    (arrival,) = await until(lambda: site.partners.to("ohio"), "Ohio has the request")
    got = arrival.body
    assert got[:14] == b"3900000" + b"9083000"
    assert got[33:37] == b"RLO1"

    answer = samples.csenet(8, samples.LINES[1], "tribe-90830")
    assert answer[33:37] == b"PLO1"
    receipt = await site.api.accepted("ohio", "csenet", answer)
    assert receipt["counts"]["unroutable"] == 0

    async def mail():
        return (await site.api.get("tribe-90830", "/v1/mailbox"))["rows"]

    (parcel,) = await until(mail, "the answer is in the tribe's mailbox")
    fetched = await site.api.send("tribe-90830", "GET", f"/v1/mailbox/{parcel['delivery']}")
    assert hashlib.sha256(fetched.body).hexdigest() == parcel["digest"]
    document = json.loads(fetched.body)
    assert document["kind"] == "locate"
    assert document["Header"]["Action"] == "P"
    assert contents("json", fetched.body) == contents("csenet", answer)
    word = {"delivery": parcel["delivery"], "outcome": "accepted", "digest": parcel["digest"]}
    assert (await site.api.say("tribe-90830", "/v1/acknowledgements", **word)).status == 200
    assert (await site.api.delivery(receipt))["state"] == "delivered"

    async def proof():
        path = f"/v1/records/{receipt['records'][0]['id']}/proof"
        found = await site.api.send("ohio", "GET", path)
        return found.body.decode() if found.status == 200 else None

    keys = [str(key) for key in site.process.base.logbook.verify_keys]
    assert check_proof(await until(proof, "the log has numbered the record"), *keys).ok
    assert (await site.process.base.logbook.verify()).faults == ()
