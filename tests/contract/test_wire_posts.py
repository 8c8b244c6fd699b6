"""Protected posts over HTTP: opened before anything reads them, refused with a code, and the keys that they take."""

import hashlib
from datetime import timedelta

import pytest

from gateway.core.ports.protection import Expected
from gateway.core.protection import GATEWAY, Ends, Profile, Stage, Use, WireKey
from gateway.web.limits import Limits
from tests.contract.api_stack import OHIO, partner, running
from tests.contract.protected_sender import BODY, LIMIT, SETUP, Sender


@pytest.fixture
async def sender(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, Limits()) as stack:
        sender = Sender(stack)
        await sender.begin()
        yield sender


async def test_a_message_is_taken_as_what_lies_in_it(sender):
    answer = await sender.post(sender.message())
    assert answer.status == 202, answer.body
    stored = await sender.stack.parts.submissions.get(answer.json["submission"])
    assert stored.body_digest == hashlib.sha256(BODY).hexdigest()
    assert stored.counts.refused == 1


async def test_a_repeat_that_was_protected_anew_is_the_same_submission(sender):
    first, second = await sender.post(sender.message()), await sender.post(sender.message())
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"


async def test_a_message_is_refused_with_the_code_of_what_is_wrong_and_nothing_is_taken(sender):
    stranger = sender.pair(Use.VERIFY)
    retired = sender.pair(Use.VERIFY)
    await sender.register(retired)
    await sender.desk.retire(SETUP, OHIO, retired.id)
    await sender.book.reload()
    good = sender.message()
    cases = {
        "message-replayed": sender.post(good, key="k-2"),
        "message-stale": sender.post(sender.message(at=sender.stack.watch() - timedelta(days=8))),
        "message-misdirected": sender.post(sender.message(ends=Ends("iowa", sender.name))),
        "message-refused": sender.post(good[:-3]),
        "wire-key-unknown": sender.post(sender.message(signers=[stranger])),
        "wire-key-retired": sender.post(sender.message(signers=[retired])),
        "protection-required": sender.stack.post(BODY),
    }
    for code, posted in cases.items():
        answer = await posted
        assert (answer.status, answer.json["code"]) == (422, code)
        assert BODY not in answer.body
    refused = await sender.stack.entries("message.refused")
    assert sorted(entry.outcome for entry in refused) == sorted(cases)
    assert not (await sender.stack.call("ohio", "GET", "/v1/submissions")).json["rows"]


async def test_what_does_not_open_gets_one_answer_whatever_does_not_fit(sender):
    head, key, nonce, content, tag = sender.message().split(b".")
    other = b"B" * 8
    answers = [
        await sender.post(b".".join(parts))
        for parts in (
            (head, other + key[8:], nonce, content, tag),
            (head, key, other + nonce[8:], content, tag),
            (head, key, nonce, other + content[8:], tag),
            (head, key, nonce, content, other + tag[8:]),
        )
    ]
    assert {(answer.status, answer.json["code"]) for answer in answers} == {(422, "message-refused")}
    assert len({tuple((answer.json | {"instance": "its own"}).items()) for answer in answers}) == 1
    reasons = {entry.details["reason"] for entry in await sender.stack.entries("message.refused")}
    assert reasons == {"open"}


async def test_control_without_a_profile_the_plain_body_is_taken(sender):
    entry = sender.stack.parts.scribe.entry(SETUP, "partner.applied", "partner:ohio")
    await sender.stack.parts.partners.apply([partner(OHIO)], [], [entry])
    assert (await sender.stack.post(BODY)).status == 202


async def test_a_message_beyond_the_agreed_size_is_refused_before_it_is_opened(sender):
    answer = await sender.post(sender.message(b"x" * 20 * LIMIT))
    assert (answer.status, answer.json["code"]) == (413, "too-large")


async def test_a_validation_opens_the_message_too(sender):
    answer = await sender.post(sender.message(id_="any"), path="/v1/validations")
    assert answer.status == 200, answer.body
    plain = await sender.stack.post(BODY, path="/v1/validations")
    assert plain.json["code"] == "protection-required"


async def test_a_partner_proves_its_new_key_over_the_api(sender):
    fresh = sender.pair(Use.ENCRYPT)
    await sender.register(fresh)
    call = sender.stack.call
    message = await call("ohio", "POST", f"/v1/keys/{fresh.id}/test")
    listed = (await call("ohio", "GET", "/v1/keys")).json
    ours = [
        WireKey(GATEWAY, Use(one["use"]), sender.wire.material(one["pem"]), Stage.VALID, sender.stack.watch())
        for one in listed["keys"]
        if one["owner"] == listed["gateway"]
    ]
    ends = Ends(listed["gateway"], OHIO)
    expected = Expected(ends, sender.stack.watch(), LIMIT, [fresh], ours)
    proof = sender.wire.unprotect(Profile.JOSE, message.body, expected).plain.decode().strip()
    wrong = await call("ohio", "POST", f"/v1/keys/{fresh.id}/confirm", json={"proof": "0" * 32})
    assert (wrong.status, wrong.json["code"]) == (422, "wire-test-failed")
    assert (await call("iowa", "POST", f"/v1/keys/{fresh.id}/confirm", json={"proof": proof})).status == 404
    told = await call("ohio", "POST", f"/v1/keys/{fresh.id}/confirm", json={"proof": proof})
    assert [one["stage"] for one in told.json["keys"] if one["id"] == fresh.id] == ["valid"]
    again = await call("ohio", "POST", f"/v1/keys/{fresh.id}/test")
    assert (again.status, again.json["code"]) == (409, "wire-key-stage")


async def test_a_partner_sees_its_own_keys_and_ours_and_nobody_elses(sender):
    owners = {one["owner"] for one in (await sender.stack.call("iowa", "GET", "/v1/keys")).json["keys"]}
    assert owners == {sender.name}
    mine = (await sender.stack.call("ohio", "GET", "/v1/keys")).json["keys"]
    assert {one["owner"] for one in mine} == {sender.name, OHIO}
    assert all("PRIVATE" not in one["pem"] for one in mine)
