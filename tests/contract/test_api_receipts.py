"""Signed receipts over HTTP: there right after 202, the same bytes for ever, checked by programs that are not ours."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from sqlalchemy import delete, update

from gateway.core.errors import Tampered
from gateway.core.model import DeliveryState, Outcome, Page, SubmissionId
from gateway.core.signed_receipt import ReceiptKind
from gateway.store.receipts import StoredReceipts
from gateway.store.tables import receipts, submissions
from gateway.work.receipts import ReceiptOffice
from keys.files import FileKeys
from keys.receipts import check_receipt as ours
from keys.states import KeyUse
from tests.contract.api_stack import IOWA, running
from verifier import check_receipt

ORIGIN = "log.example/audit"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


async def posted(stack, body=b"one\n", key="k-1"):
    answer = await stack.post(body, key=key)
    assert answer.status == 202
    return answer


async def receipt(stack, submission, kind="accepted", caller="ohio"):
    return await stack.call(caller, "GET", f"/v1/submissions/{submission}/receipts/{kind}")


async def key_set(stack):
    answer = await stack.call(None, "GET", "/.well-known/jwks.json")
    assert answer.status == 200
    return answer.body.decode()


def claims_of(token: bytes, keys: str):
    """As a stock library reads it."""
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.decode(token, jwt.PyJWKSet.from_json(keys)[kid].key, algorithms=["ES256"])


async def deliveries_of(stack, submission):
    listing = await stack.parts.submissions.records(SubmissionId(submission), None, Page())
    return [d for record in listing.rows for d in await stack.parts.records.deliveries(record.id)]


async def test_an_accepted_receipt_is_there_after_202_and_a_stock_library_reads_what_was_answered(stack):
    answer = await posted(stack, b"one\n!two\nthree\n")
    found = await stack.call("ohio", "GET", answer.json["links"]["accepted"])
    assert (found.status, found.headers["Content-Type"]) == (200, "application/jose")
    claims = claims_of(found.body, await key_set(stack))
    assert (claims["iss"], claims["sub"], claims["receipt"]) == (ORIGIN, answer.json["submission"], "accepted")
    assert claims["body"] == answer.json["body"]
    assert claims["counts"] == answer.json["counts"]
    assert claims["answer"]["sha256"] == hashlib.sha256(answer.body).hexdigest()
    assert claims["due"] == [{"partner": IOWA, "kind": "locate", "at": "2026-03-02T12:00:00.000000Z"}]
    assert check_receipt(found.body.decode(), await key_set(stack)).claims == claims
    assert ours(found.body.decode(), await key_set(stack)) == claims


async def test_a_receipt_is_the_same_bytes_after_a_repeat_a_rotation_and_a_new_process(stack):
    answer = await posted(stack)
    submission = answer.json["submission"]
    first = (await receipt(stack, submission)).body
    stack.keys.rotate("receipts", KeyUse.RECEIPT_SIGNING)
    stack.watch.forward(60)
    again = await posted(stack)
    assert again.body == answer.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await receipt(stack, submission)).body == first
    other = (await posted(stack, b"two\n", "k-2")).json["submission"]
    newer = (await receipt(stack, other)).body
    kids = [jwt.get_unverified_header(token)["kid"] for token in (first, newer)]
    assert kids[0] != kids[1]
    keys = await key_set(stack)
    assert claims_of(first, keys)["sub"] == submission
    assert claims_of(newer, keys)["sub"] == other
    fresh = ReceiptOffice(  # nothing in memory
        StoredReceipts(stack.database),
        stack.keys.receipt_signer(),
        stack.parts.audit,
        stack.parts.receipts.directory,
        stack.parts.scribe,
        stack.watch,
        ORIGIN,
        lambda _kind: None,
    )
    assert (await fresh.accepted(SubmissionId(submission))).jws.encode() == first


async def test_control_signing_anew_gives_other_bytes(stack):
    submission = (await posted(stack)).json["submission"]
    first = (await receipt(stack, submission)).body
    async with stack.database.write() as connection:
        await connection.execute(delete(receipts))
    assert (await receipt(stack, submission)).body != first


async def test_many_who_ask_at_once_get_one_receipt_with_one_entry(stack):
    submission = (await posted(stack)).json["submission"]
    found = await asyncio.gather(*(receipt(stack, submission) for _ in range(8)))
    assert len({one.body for one in found}) == 1
    (entry,) = await stack.entries("receipt.signed")
    assert entry.object == f"submission:{submission}"
    assert entry.details["sha256"] == hashlib.sha256(found[0].body).hexdigest()


async def test_keys_of_receipts_stay_published_when_the_ring_has_lost_them(stack, tmp_path):
    submission = (await posted(stack)).json["submission"]
    first = (await receipt(stack, submission)).body
    other = FileKeys.create(tmp_path / "other", stack.watch, os.urandom)
    office = replace(stack.parts.receipts, signer=other.receipt_signer())
    keys = json.dumps({"keys": [json.loads(jwk) for jwk in (await office.keys()).values()]})
    assert len(json.loads(keys)["keys"]) == 2
    assert claims_of(first, keys)["sub"] == submission


async def linked(stack, submission):
    """The final receipt's address as the submission tells it."""
    return (await stack.call("ohio", "GET", f"/v1/submissions/{submission}")).json["links"]["final"]


async def test_a_final_receipt_waits_until_everything_has_ended_and_tells_each_recipient(stack):
    submission = (await posted(stack, b"one\n!two\nthree\nfour\n")).json["submission"]
    assert await linked(stack, submission) is None
    waiting = await receipt(stack, submission, "final")
    assert (waiting.status, waiting.json["type"].rsplit("/", 1)[-1]) == (409, "not-ended")
    first, second, third = await deliveries_of(stack, submission)
    await stack.settle(first.id, DeliveryState.DELIVERED, Outcome.DELIVERED)
    stack.watch.forward(30)
    await stack.settle(second.id, DeliveryState.WAITING, Outcome.WAITING, b"<Locate/>")
    assert (await receipt(stack, submission, "final")).status == 409
    refused = await stack.call("iowa", "POST", f"/v1/mailbox/{second.id}/refuse", json={"reason": "record-unreadable"})
    assert refused.status == 200
    assert (await receipt(stack, submission, "final")).status == 409
    await stack.call("pat", "POST", f"/v1/deliveries/{third.id}/withdraw", json={"reason": "sent by mistake"})
    assert await linked(stack, submission) == f"/v1/submissions/{submission}/receipts/final"
    found = await receipt(stack, submission, "final")
    assert await linked(stack, submission)
    claims = claims_of(found.body, await key_set(stack))
    assert claims["recipients"] == [
        {"partner": IOWA, "delivered": 1, "refused": 1, "withdrawn": 1, "withheld": 0, "amended": 0}
    ]
    assert claims["counts"] == {"records": 4, "refused": 1, "withheld": 0}
    assert claims["ended_at"] == "2026-03-02T12:00:30.000000Z"
    assert check_receipt(found.body.decode(), await key_set(stack)).claims == claims
    assert (await receipt(stack, submission, "final")).body == found.body


async def test_a_dead_letter_that_blames_the_partner_has_not_ended(stack):
    delivery = await stack.dead()
    submission = (await stack.parts.submissions.list(None, Page())).rows[0].id
    assert (await receipt(stack, submission, "final")).status == 409
    assert await linked(stack, submission) is None
    await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/withdraw", json={"reason": "they closed"})
    assert (await receipt(stack, submission, "final")).status == 200


async def test_a_body_that_nobody_has_judged_yet_is_accepted_without_counts(stack):
    answer = await posted(stack, b"...")
    submission = answer.json["submission"]
    assert (answer.json["state"], answer.json["counts"]) == ("received", None)
    found, keys = (await receipt(stack, submission)).body, await key_set(stack)
    claims = claims_of(found, keys)
    assert (claims["state"], claims["counts"], claims["due"]) == ("received", None, None)
    assert claims["body"] == {"sha256": hashlib.sha256(b"...").hexdigest(), "bytes": 3}
    assert check_receipt(found.decode(), keys).words.endswith("accepted: 3 bytes, not judged yet, nothing counted.")
    assert (await receipt(stack, submission, "final")).status == 409


async def test_noughts_that_an_earlier_version_answered_are_not_signed(stack):
    submission = (await posted(stack, b"...")).json["submission"]
    counts = dict.fromkeys(("records", "accepted", "warned", "refused", "unroutable", "withheld"), 0)
    before = json.dumps({"state": "received", "counts": counts}).encode()
    async with stack.database.write() as connection:
        await connection.execute(update(submissions).where(submissions.c.id == submission).values(receipt=before))
    claims = claims_of((await receipt(stack, submission)).body, await key_set(stack))
    assert (claims["counts"], claims["due"]) == (None, None)
    assert claims["answer"]["sha256"] == hashlib.sha256(before).hexdigest()


async def test_control_a_judged_body_of_which_all_was_refused_has_its_noughts(stack):
    answer = await posted(stack, b"!one\n")
    claims = claims_of((await receipt(stack, answer.json["submission"])).body, await key_set(stack))
    assert (claims["state"], claims["counts"]["accepted"], claims["counts"]["refused"]) == ("judged", 0, 1)
    assert claims["due"] == []


async def test_a_receipt_is_nobody_elses(stack):
    submission = (await posted(stack)).json["submission"]
    assert (await receipt(stack, submission, caller="iowa")).status == 404
    assert (await receipt(stack, submission, caller=None)).status == 401
    assert (await receipt(stack, submission, caller="pat")).status == 200
    assert (await receipt(stack, "01890000-0000-7000-8000-000000000000")).status == 404


async def test_who_has_the_receipt_is_not_sent_it_again(stack):
    submission = (await posted(stack)).json["submission"]
    etag = (await receipt(stack, submission)).headers["ETag"]
    path = f"/v1/submissions/{submission}/receipts/accepted"
    assert (await stack.call("ohio", "GET", path, If_None_Match=etag)).status == 304


async def test_what_the_log_contradicts_is_not_signed(stack):
    submission = (await posted(stack)).json["submission"]
    async with stack.database.write() as connection:
        await connection.execute(update(submissions).where(submissions.c.id == submission).values(body_digest="0" * 64))
    assert (await receipt(stack, submission)).status == 500
    with pytest.raises(Tampered):
        await stack.parts.receipts.accepted(SubmissionId(submission))
    assert await stack.entries("receipt.signed") == []


# --- the loop --------------------------------------------------------------------------------------------------------


async def test_the_loop_makes_both_receipts_of_what_ended_and_looks_again_at_the_rest(stack):
    done = (await posted(stack, b"!one\n", "k-1")).json["submission"]
    open_ = (await posted(stack, b"one\n", "k-2")).json["submission"]
    office, stored = stack.parts.receipts, StoredReceipts(stack.database)
    await office.step()
    assert await stack.entries("receipt.signed") == []  # too young
    stack.watch.forward(timedelta(minutes=20).total_seconds())
    await office.step()
    assert {entry.object for entry in await stack.entries("receipt.signed")} == {f"submission:{done}"}
    assert len(await stack.entries("receipt.signed")) == 2
    await office.step()
    assert len(await stack.entries("receipt.signed")) == 2
    (delivery,) = await deliveries_of(stack, open_)
    await stack.settle(delivery.id, DeliveryState.DELIVERED, Outcome.DELIVERED)
    await office.step()
    assert len(await stack.entries("receipt.signed")) == 2  # not yet looked at again
    stack.watch.forward(timedelta(minutes=6).total_seconds())
    await office.step()
    assert len(await stack.entries("receipt.signed")) == 4
    assert await stored.owed(stack.watch.now + timedelta(days=9), 10) == ()
    ended = (await stored.kept(SubmissionId(open_), ReceiptKind.FINAL)).jws.encode()
    assert (await receipt(stack, open_, "final")).body == ended


async def test_the_loop_goes_on_past_a_submission_that_the_log_contradicts(stack):
    bad = (await posted(stack, b"!one\n", "k-1")).json["submission"]
    good = (await posted(stack, b"!two\n", "k-2")).json["submission"]
    async with stack.database.write() as connection:
        await connection.execute(update(submissions).where(submissions.c.id == bad).values(body_size=1))
    stack.watch.forward(timedelta(minutes=20).total_seconds())
    await stack.parts.receipts.step()
    assert {entry.object for entry in await stack.entries("receipt.signed")} == {f"submission:{good}"}
