"""Who sees what over HTTP: what belongs to somebody else does not exist."""

from __future__ import annotations

import os
from dataclasses import replace
from urllib.parse import unquote

import pytest

from gateway.core.model import Actor, DeliveryState, Finding, Principal, RecordId, RuleCode, Settlement, Severity
from gateway.web.api.routes import ROUTES
from gateway.web.auth import Owner, Scope, new_api_key
from tests.contract.api_stack import TANF, running

NOBODYS = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


@pytest.fixture
async def posted(stack):
    """Ids of one submission of Ohio with one record and its delivery to Iowa."""
    submission = (await stack.post(b"one\n")).json["submission"]
    (record,) = (await stack.call("ohio", "GET", f"/v1/submissions/{submission}/records")).json["rows"]
    (delivery,) = await stack.parts.records.deliveries(RecordId(record["id"]))
    return {"submission": submission, "record": record["id"], "delivery": delivery.id}


@pytest.mark.parametrize(
    ("caller", "statuses"),
    [
        ("ohio", (200, 200, 200, 200)),
        ("iowa", (404, 200, 200, 200)),
        ("tanf", (404, 404, 404, 404)),
        ("pat", (200, 200, 200, 200)),
    ],
)
async def test_sender_recipient_stranger_and_operator_each_see_their_own(stack, posted, caller, statuses):
    paths = (
        f"/v1/submissions/{posted['submission']}",
        f"/v1/records/{posted['record']}",
        f"/v1/records/{posted['record']}/trace",
        f"/v1/deliveries/{posted['delivery']}",
    )
    assert tuple([(await stack.call(caller, "GET", path)).status for path in paths]) == statuses


async def test_what_is_not_yours_looks_exactly_like_what_does_not_exist(stack, posted):
    for kind in ("submission", "record", "delivery"):
        path = {"submission": "submissions", "record": "records", "delivery": "deliveries"}[kind]
        foreign = await stack.call("tanf", "GET", f"/v1/{path}/{posted[kind]}")
        absent = await stack.call("tanf", "GET", f"/v1/{path}/{NOBODYS}")
        malformed = await stack.call("tanf", "GET", f"/v1/{path}/999-00-1234")
        documents = [answer.json | {"instance": ""} for answer in (foreign, absent, malformed)]
        assert documents[0] == documents[1] == documents[2]


async def test_the_recipient_is_not_told_about_the_senders_submission(stack, posted):
    shown = (await stack.call("iowa", "GET", f"/v1/records/{posted['record']}")).json
    assert shown["submission"] is None
    assert shown["ordinal"] is None
    assert posted["submission"] not in str(shown)
    steps = (await stack.call("iowa", "GET", f"/v1/records/{posted['record']}/trace")).json["steps"]
    assert posted["submission"] not in str(steps)
    own = (await stack.call("ohio", "GET", f"/v1/records/{posted['record']}")).json
    assert own["submission"] == posted["submission"]
    assert [one["id"] for one in own["deliveries"]] == [posted["delivery"]]


async def test_the_trace_tells_every_step_with_time_actor_and_action(stack, posted):
    steps = (await stack.call("ohio", "GET", f"/v1/records/{posted['record']}/trace")).json["steps"]
    assert {"submission.judged", "record.accepted"} <= {step["action"] for step in steps}
    assert all(step["actor"] == "partner:ohio" and step["at"].endswith("Z") for step in steps)


async def test_who_only_gets_a_record_is_not_told_who_else_does_and_no_partner_why_a_person_looked_into_it(
    stack, posted
):
    about, told = f"record:{posted['record']}", {"recipients": "iowa tanf"}
    looked = stack.parts.scribe.entry(Actor("operator", "pat"), "record.read", about, "shown", {"reason": "by phone"})
    routed = stack.parts.scribe.entry(Actor("gateway", "router"), "record.rerouted", about, "ok", told)
    await stack.parts.audit.write([looked, routed])
    details = {}
    for caller in ("ohio", "iowa", "pat"):
        steps = (await stack.call(caller, "GET", f"/v1/records/{posted['record']}/trace")).json["steps"]
        details[caller] = {step["action"]: step["details"] for step in steps}
    assert details["ohio"]["record.rerouted"] == details["pat"]["record.rerouted"] == told
    assert details["iowa"]["record.rerouted"] == {}
    assert details["ohio"]["record.read"] == details["iowa"]["record.read"] == {}
    assert details["pat"]["record.read"] == {"reason": "by phone"}


async def test_a_refused_record_is_seen_by_its_sender_alone(stack):
    submission = (await stack.post(b"!bad\n")).json["submission"]
    (record,) = (await stack.call("ohio", "GET", f"/v1/submissions/{submission}/records")).json["rows"]
    assert (record["state"], record["reason"]) == ("refused", "T-BAD")
    assert (await stack.call("iowa", "GET", f"/v1/records/{record['id']}")).status == 404


@pytest.mark.parametrize(
    ("caller", "query", "count"),
    [
        ("ohio", "", 0),
        ("ohio", "?partner=iowa", 1),
        ("ohio", "?sender=ohio", 1),
        ("ohio", "?sender=iowa", 0),
        ("iowa", "", 1),
        ("iowa", "?sender=ohio&state=pending", 1),
        ("iowa", "?state=dead", 0),
        ("iowa", "?since=2026-03-02T12:00:00Z&until=2026-03-02T13:00:00Z", 1),
        ("iowa", "?since=2026-03-03T00:00:00Z", 0),
        ("iowa", "?since=2026-03-02t07:00:00.000-05:00", 1),
        ("iowa", "?since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", 1),
        ("iowa", "?since=0001-01-01T00:00:00%2B14:00&until=9999-12-31T23:59:59-14:00", 1),
        ("tanf", "", 0),
        ("tanf", "?sender=ohio", 0),
        ("pat", "", 1),
        ("pat", "?partner=iowa&sender=ohio", 1),
    ],
)
async def test_deliveries_are_listed_for_the_sides_that_the_caller_is_on(stack, posted, caller, query, count):
    assert posted
    answer = await stack.call(caller, "GET", "/v1/deliveries" + query)
    assert (answer.status, len(answer.json["rows"])) == (200, count)


async def test_a_partner_cannot_list_what_passes_between_two_others(stack, posted):
    assert posted
    assert (await stack.call("tanf", "GET", "/v1/deliveries?sender=ohio&partner=iowa")).status == 403


NO_TIMES = (
    "yesterday",
    "2026-03-02T12:00:00",
    "2026-03-02",
    "2026-03-02T12:00Z",
    "2026-03-02%2012:00:00Z",
    "1838060841",
)


@pytest.mark.parametrize("query", ["?state=gone", *(f"?since={one}" for one in NO_TIMES), "?limit=0", "?ssn=1"])
async def test_a_filter_that_is_not_understood_is_named_and_never_quoted(stack, query):
    answer = await stack.call("iowa", "GET", "/v1/deliveries" + query)
    assert (answer.status, answer.json["code"]) == (422, "invalid-members")
    name, _, value = unquote(query[1:]).partition("=")
    assert value in ("0", "1") or value not in answer.body.decode()
    assert answer.json["errors"][0]["pointer"] == ("" if name == "ssn" else f"/{name}")


async def test_the_proof_waits_for_the_log(stack, posted):
    answer = await stack.call("ohio", "GET", f"/v1/records/{posted['record']}/proof")
    assert (answer.status, answer.json["code"]) == (409, "proof-pending")
    assert (await stack.call("tanf", "GET", f"/v1/records/{posted['record']}/proof")).status == 404


async def test_every_route_with_a_scope_turns_away_callers_without_it(stack):
    """The matrix of keys and routes: no key, a key of the partner's scopes, a key of the operator's."""
    everything = {"submit", "read", "mailbox", "acknowledge", "query"}
    for route in ROUTES:
        scope = route.operation.scope
        path = route.path.replace("{id}", NOBODYS).replace("{delivery}", NOBODYS).replace("{code}", "conflict")
        path = path.replace("{record}", NOBODYS)
        nobody, partner, operator = [
            (await stack.call(caller, route.method, path)).status for caller in (None, "ohio", "pat")
        ]
        if scope is Scope.PUBLIC:
            assert 401 not in (nobody, partner, operator), route.path
            continue
        assert nobody == 401, route.path
        assert (partner == 403) == (scope.value not in everything), route.path
        assert (operator == 403) == (scope not in (Scope.READ, Scope.OPERATE)), route.path


async def test_a_partner_key_that_somehow_says_operate_still_may_not(stack):
    owner = Owner(frozenset({Scope.READ}), partner=TANF)
    fresh = new_api_key(owner, stack.watch, os.urandom, stack.parts.hasher)
    forged = Principal(fresh.stored.id, frozenset({"operate"}), TANF)
    entry = stack.parts.scribe.entry(forged.actor, "apikey.added", f"apikey:{fresh.stored.id}")
    await stack.parts.callers.add(replace(fresh.stored, principal=forged), entry)
    stack.tokens["forged"] = fresh.token
    assert (await stack.call("forged", "GET", "/v1/queues")).status == 403


async def test_what_a_payload_could_not_carry_is_told_to_both_sides_without_a_value(stack, posted):
    lost = Finding(RuleCode("FIX-NOT-CARRIED"), Severity.NOTICE, path="Case/Contact/EmailAddress", note="1 times")
    (claimed,) = await stack.deliveries.claim([posted["delivery"]], "test", stack.watch(), stack.watch())
    settled = Settlement(claimed.delivery.id, "test", DeliveryState.DELIVERED, stack.watch(), None, findings=(lost,))
    await stack.deliveries.settle([settled], [])
    for caller in ("ohio", "iowa", "pat"):
        (finding,) = (await stack.call(caller, "GET", f"/v1/deliveries/{posted['delivery']}")).json["findings"]
        assert (finding["rule"], finding["severity"], finding["path"]) == (lost.rule, "notice", lost.path)
        steps = (await stack.call(caller, "GET", f"/v1/records/{posted['record']}/trace")).json["steps"]
        assert [step["details"]["path"] for step in steps if step["action"] == "finding"] == [lost.path]
