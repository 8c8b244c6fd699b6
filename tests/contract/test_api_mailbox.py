"""The mailbox over HTTP: leases, bytes with their digest, and the partner's word."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.core.model import Attempt, DeliveryState, Digest, Outcome, Settlement
from gateway.store.tables import mailbox
from gateway.web.acknowledgement import ALARMS
from tests.contract.api_stack import running

BODY = b"<Locate/>"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


def word(delivery, outcome="accepted", body=BODY, **more):
    return {"delivery": delivery, "digest": hashlib.sha256(body).hexdigest(), "outcome": outcome} | more


def taken(body=BODY):
    return {"digest": hashlib.sha256(body).hexdigest()}


async def test_a_listed_parcel_is_leased_until_the_lease_ends(stack):
    delivery = await stack.parcel()
    first = (await stack.call("iowa", "GET", "/v1/mailbox")).json["rows"]
    assert [row["delivery"] for row in first] == [delivery]
    assert (await stack.call("iowa", "GET", "/v1/mailbox")).json["rows"] == []
    stack.watch.forward(301)
    assert len((await stack.call("iowa", "GET", "/v1/mailbox")).json["rows"]) == 1


async def test_a_list_is_no_longer_than_asked_for(stack):
    deliveries = [await stack.parcel() for _ in range(3)]
    rows = (await stack.call("iowa", "GET", "/v1/mailbox?limit=2")).json["rows"]
    assert [row["delivery"] for row in rows] == deliveries[:2]


async def test_a_parcel_comes_byte_for_byte_with_its_digest_and_an_audit_entry(stack):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    assert (answer.status, answer.body) == (200, BODY)
    expected = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert answer.headers["Content-Digest"] == f"sha-256=:{expected}:"
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["Gateway-Delivery"] == delivery
    (entry,) = await stack.entries("record.read")
    assert (str(entry.actor), entry.object) == ("partner:iowa", f"delivery:{delivery}")


async def test_a_big_parcel_comes_whole(stack):
    body = bytes(range(256)) * 10_000
    delivery = await stack.parcel(body)
    answer = await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    assert answer.body == body
    assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("caller", ["ohio", "tanf"])
async def test_nobody_else_can_open_or_settle_a_parcel(stack, caller):
    delivery = await stack.parcel()
    own = f"/v1/mailbox/{delivery}"
    assert (await stack.call(caller, "GET", own)).status == 404
    assert (await stack.call(caller, "POST", own + "/acknowledge", json=taken())).status == 404
    assert (await stack.call(caller, "POST", own + "/refuse", json={"reason": "unreadable"})).status == 404
    assert (await stack.call(caller, "POST", "/v1/acknowledgements", json=word(delivery))).status == 404
    assert (await stack.parts.desk.get(delivery)).state is DeliveryState.WAITING


async def test_a_parcel_whose_seal_is_broken_is_not_given_out_and_nothing_is_told(stack):
    delivery = await stack.parcel()
    async with stack.database.write() as connection:
        await connection.execute(update(mailbox).values(sealed=b"x" * 100))
    answer = await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    assert answer.status == 500
    assert answer.json["type"] == "/problems/tampered"
    assert answer.json["detail"] == answer.json["title"]


async def test_an_acknowledged_parcel_is_delivered_and_gone(stack):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "POST", f"/v1/mailbox/{delivery}/acknowledge", json=taken())
    assert (answer.status, answer.json["state"]) == (200, "delivered")
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).status == 404
    stack.watch.forward(301)
    assert (await stack.call("iowa", "GET", "/v1/mailbox")).json["rows"] == []
    (entry,) = await stack.entries("delivery.acknowledged")
    assert (entry.object, entry.details) == (f"delivery:{delivery}", {"sha256": taken()["digest"]})


async def test_a_refused_parcel_is_a_dead_letter_with_the_partners_reason(stack):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "POST", f"/v1/mailbox/{delivery}/refuse", json={"reason": "record-unreadable"})
    assert (answer.json["state"], answer.json["cause"], answer.json["fault"]) == ("dead", "record-unreadable", "record")
    (group,) = (await stack.call("pat", "GET", "/v1/dead-letters")).json["rows"]
    assert group["stopped"]["remedy"].startswith("look at the findings with the partner")
    assert (group["cause"], group["count"]) == ("record-unreadable", 1)
    assert len(await stack.entries("delivery.rejected")) == 1


@pytest.mark.parametrize("reason", ["", "Not mine!", "ssn-900-12-3456", "x" * 65, "9lives"])
async def test_a_reason_that_is_no_code_is_refused(stack, reason):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "POST", f"/v1/mailbox/{delivery}/refuse", json={"reason": reason})
    assert answer.status == 422
    assert "900-12-3456" not in answer.body.decode(), "three digits alone may be those of an id"
    assert (await stack.parts.desk.get(delivery)).state is DeliveryState.WAITING


async def test_an_acknowledgement_with_our_digest_settles_a_delivery(stack):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))
    assert (answer.status, answer.json["state"]) == (200, "delivered")


async def unfit(stack, delivery, path="/v1/acknowledgements", /, **told):
    """The code by which a word on a parcel is refused, once all of the alarm is seen."""
    answer = await stack.call("iowa", "POST", path, json=told)
    assert answer.status == 422
    assert (await stack.parts.desk.get(delivery)).state is DeliveryState.WAITING
    *_, entry = await stack.entries("acknowledgement.refused")
    assert (entry.object, entry.outcome) == (f"delivery:{delivery}", answer.json["code"])
    assert (str(entry.actor), entry.details) == ("partner:iowa", {"sha256": told["digest"]} if "digest" in told else {})
    *_, counted = await stack.parts.health.samples(ALARMS, stack.watch.now)
    assert counted.label == "iowa"
    return answer.json["code"]


@pytest.mark.parametrize("outcome", ["accepted", "refused"])
async def test_a_word_without_the_right_digest_changes_nothing_and_raises_an_alarm(stack, outcome):
    other, delivery = await stack.parcel(b"<Other/>"), await stack.parcel()
    told = word(delivery, outcome, reason="wrong-addressee") if outcome == "refused" else word(delivery, outcome)
    bare = {name: value for name, value in told.items() if name != "digest"}
    assert await unfit(stack, delivery, **bare) == "digest-missing"
    assert await unfit(stack, delivery, **bare, digest="0" * 64) == "digest-mismatch"
    assert await unfit(stack, delivery, **bare, digest=taken(b"<Other/>")["digest"]) == "digest-replayed"
    assert len(await stack.entries("acknowledgement.refused")) == 3
    assert await stack.entries("access.refused") == []
    assert (await stack.parts.desk.get(other)).state is DeliveryState.WAITING
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).status == 200  # the control


async def test_a_parcel_is_taken_with_its_digest_only_and_refused_without_or_with_the_right_one(stack):
    delivery = await stack.parcel()
    take, refuse = f"/v1/mailbox/{delivery}/acknowledge", f"/v1/mailbox/{delivery}/refuse"
    assert await unfit(stack, delivery, take) == "digest-missing"
    assert (await stack.call("iowa", "POST", take)).json["code"] == "digest-missing"
    assert await unfit(stack, delivery, take, **taken(b"other")) == "digest-mismatch"
    assert await unfit(stack, delivery, refuse, reason="unreadable", **taken(b"other")) == "digest-mismatch"
    assert (await stack.call("iowa", "POST", refuse, json={"reason": "unreadable"})).status == 200


async def test_the_same_word_once_more_gets_the_same_answer_and_no_second_entry(stack):
    delivery = await stack.parcel()
    first = await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))).json == first.json
    assert len(await stack.entries("delivery.acknowledged")) == 1
    told = word(delivery, "refused", reason="wrong-addressee")
    second = await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).json == second.json
    assert len(await stack.entries("delivery.rejected")) == 1
    again = await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))
    assert again.json["code"] == "delivery-state"  # an old word does not bring back what was refused since


async def test_the_first_word_on_what_was_handed_over_is_written_down(stack):
    delivery = await stack.owe()
    await stack.settle(delivery, DeliveryState.DELIVERED, Outcome.DELIVERED, BODY)
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))).status == 200
    assert len(await stack.entries("delivery.acknowledged")) == 1


async def test_a_refusal_needs_a_reason(stack):
    delivery = await stack.parcel()
    answer = await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery, "refused"))
    assert (answer.status, answer.json["code"]) == (422, "reason-unfit")
    told = word(delivery, "refused", reason="wrong-addressee")
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).json["cause"] == "wrong-addressee"


async def test_a_delivery_that_was_handed_over_can_be_refused_later(stack):
    delivery = await stack.owe()
    await stack.settle(delivery, DeliveryState.DELIVERED, Outcome.DELIVERED, BODY)
    told = word(delivery, "refused", reason="record-unreadable")
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).json["state"] == "dead"


async def test_what_has_not_been_sent_cannot_be_acknowledged(stack):
    delivery = await stack.owe()
    answer = await stack.call("iowa", "POST", f"/v1/mailbox/{delivery}/acknowledge", json=taken())
    assert answer.json["code"] == "digest-mismatch"
    answer = await stack.call("iowa", "POST", "/v1/acknowledgements", json=word(delivery))
    assert answer.json["code"] == "digest-mismatch"


@pytest.mark.parametrize("outcome", ["accepted", "refused"])
async def test_a_word_that_comes_before_the_outcome_is_written_is_asked_for_again_and_raises_no_alarm(stack, outcome):
    delivery, now = await stack.owe(), stack.watch()
    told = word(delivery, outcome, reason="wrong-addressee") if outcome == "refused" else word(delivery, outcome)
    (claimed,) = await stack.deliveries.claim([delivery], "test", now, now + timedelta(minutes=1))
    early = await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)
    assert (early.status, early.json["code"]) == (409, "delivery-state")
    assert await stack.entries("acknowledgement.refused") == []
    await stack.parcel(b"<Other/>")
    replayed = told | taken(b"<Other/>")  # the control: what belongs to another delivery is an alarm all the same
    answer = await stack.call("iowa", "POST", "/v1/acknowledgements", json=replayed)
    assert answer.json["code"] == "digest-replayed"
    assert len(await stack.entries("acknowledgement.refused")) == 1
    attempt = Attempt(delivery, 1, now, now, Outcome.DELIVERED, None, "HTTP 200 OK")
    digest = Digest(hashlib.sha256(BODY).hexdigest())
    settlement = Settlement(delivery, "test", DeliveryState.DELIVERED, now, attempt, digest, len(BODY))
    assert await stack.deliveries.settle([settlement], []) == (claimed.delivery.id,)
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).status == 200


@pytest.mark.parametrize("outcome", ["accepted", "refused"])
async def test_a_word_on_what_a_process_handed_over_before_it_died_raises_no_alarm(stack, outcome):
    delivery, now = await stack.owe(), stack.watch()
    told = word(delivery, outcome, reason="wrong-addressee") if outcome == "refused" else word(delivery, outcome)
    await stack.deliveries.claim([delivery], "died", now, now + timedelta(minutes=1))
    stack.watch.forward(61)
    assert await stack.deliveries.release_expired(stack.watch()) == 1
    early = await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)
    assert (early.status, early.json["code"]) == (409, "delivery-state")
    assert await stack.entries("acknowledgement.refused") == []
    await stack.settle(delivery, DeliveryState.DELIVERED, Outcome.DELIVERED, BODY)
    assert (await stack.parts.desk.get(delivery)).cause is None
    other = await stack.call("iowa", "POST", "/v1/acknowledgements", json=told | taken(b"other"))  # the control
    assert other.json["code"] == "digest-mismatch"
    assert (await stack.call("iowa", "POST", "/v1/acknowledgements", json=told)).status == 200


async def test_operators_have_no_mailbox(stack):
    assert (await stack.call("pat", "GET", "/v1/mailbox")).status == 403
