"""Retry, withdraw and bulk actions over HTTP: with a reason, with an entry, over a frozen selection."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.model import Actor, DeliveryState, JobId
from gateway.core.ports.health import Sample
from tests.contract.api_stack import running

NOBODYS = "01900000-0000-7000-8000-000000000000"
WHY = {"reason": "partner is back"}


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


async def test_a_dead_delivery_is_retried_with_its_reason_in_the_log(stack):
    delivery = await stack.dead()
    answer = await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/retry", json=WHY)
    assert (answer.status, answer.json["state"], answer.json["attempts"]) == (200, "pending", 0)
    (entry,) = await stack.entries("delivery.retried")
    assert (str(entry.actor), entry.object) == ("operator:pat", f"delivery:{delivery}")
    assert entry.details["reason"] == "partner is back"


async def test_a_pending_delivery_cannot_be_retried_but_withdrawn(stack):
    delivery = await stack.owe()
    answer = await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/retry", json=WHY)
    assert (answer.status, answer.json["code"]) == (409, "delivery-state")
    assert await stack.entries("delivery.retried") == []
    answer = await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/withdraw", json=WHY)
    assert (answer.status, answer.json["state"]) == (200, "withdrawn")
    again = await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/withdraw", json=WHY)
    assert again.status == 409
    assert len(await stack.entries("delivery.withdrawn")) == 1


async def test_a_withdrawn_parcel_is_out_of_the_mailbox(stack):
    delivery = await stack.parcel()
    await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/withdraw", json=WHY)
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).status == 404


async def test_what_does_not_exist_cannot_be_retried(stack):
    assert (await stack.call("pat", "POST", f"/v1/deliveries/{NOBODYS}/retry", json=WHY)).status == 404


@pytest.mark.parametrize("reason", ["for 900-12-3456", "case 123456", " ", "a\nb", "x" * 201, "call 555 123 4567"])
async def test_a_reason_with_a_number_of_a_person_or_without_words_is_refused(stack, reason):
    delivery = await stack.dead()
    answer = await stack.call("pat", "POST", f"/v1/deliveries/{delivery}/retry", json={"reason": reason})
    assert answer.status == 422
    assert not any(part in answer.body.decode() for part in ("900-12", "123456", "4567"))


async def test_operators_alone_see_the_partners_last_words(stack):
    delivery = await stack.dead()
    path = f"/v1/deliveries/{delivery}"
    told = {who: (await stack.call(who, "GET", path)).json["history"] for who in ("pat", "ohio", "iowa")}
    assert told["pat"][0]["answer"] == "250 their words"
    assert [told[who][0]["answer"] for who in ("ohio", "iowa")] == [None, None]
    assert told["ohio"][0]["outcome"] == "permanent"


async def test_a_plan_freezes_what_matches_and_starts_once(stack):
    first = await stack.dead("http-400")
    await stack.dead("host-key-mismatch")
    asked = {"action": "retry", "reason": "mended", "state": "dead", "cause": "http-400"}
    plan = await stack.call("pat", "POST", "/v1/replays/plan", json=asked)
    assert (plan.status, plan.json["state"], plan.json["total"]) == (201, "planned", 1)
    assert plan.headers["Location"] == f"/v1/replays/{plan.json['id']}"
    await stack.dead("http-400")
    token = {"token": plan.json["token"]}
    started, again = [await stack.call("pat", "POST", "/v1/replays", json=token) for _ in range(2)]
    assert (started.status, started.json["state"]) == (202, "running")
    assert again.json == started.json
    assert await stack.parts.jobs.next(JobId(plan.json["id"]), 10) == (first,)
    assert [len(await stack.entries(action)) for action in ("job.planned", "job.started")] == [1, 1]


async def test_a_plan_over_ids_takes_exactly_those(stack):
    wanted, _ = await stack.dead(), await stack.dead()
    asked = {"action": "withdraw", "reason": "not needed", "ids": [wanted, wanted]}
    plan = (await stack.call("pat", "POST", "/v1/replays/plan", json=asked)).json
    assert await stack.parts.jobs.next(JobId(plan["id"]), 10) == (wanted,)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"ids": [NOBODYS], "state": "dead"},
        {"ids": []},
        {"ids": ["1; drop table"]},
        {"state": "delivered"},
        {"state": "dead", "action": "explode"},
        {"state": "dead", "who": "me"},
    ],
)
async def test_a_plan_that_is_not_clear_is_refused(stack, members):
    asked = {"action": "retry", "reason": "mended"} | members
    answer = await stack.call("pat", "POST", "/v1/replays/plan", json=asked)
    assert (answer.status, answer.json["code"]) == (422, "invalid-members")
    assert not any(part in answer.body.decode() for part in ("drop table", "explode", "who"))


async def test_a_cancelled_job_stays_cancelled(stack):
    await stack.dead()
    asked = {"action": "retry", "reason": "mended", "state": "dead"}
    job = (await stack.call("pat", "POST", "/v1/replays/plan", json=asked)).json
    path = f"/v1/replays/{job['id']}"
    assert [(await stack.call("pat", "DELETE", path)).json["state"] for _ in range(2)] == ["cancelled", "cancelled"]
    assert len(await stack.entries("job.ended")) == 1
    answer = await stack.call("pat", "POST", "/v1/replays", json={"token": job["token"]})
    assert (answer.status, answer.json["code"]) == (409, "job-state")
    assert (await stack.call("pat", "GET", path)).json["state"] == "cancelled"


async def test_a_job_that_is_done_cannot_be_cancelled(stack):
    delivery = await stack.dead()
    asked = {"action": "retry", "reason": "mended", "ids": [delivery]}
    job = JobId((await stack.call("pat", "POST", "/v1/replays/plan", json=asked)).json["id"])
    await stack.call("pat", "POST", "/v1/replays", json={"token": job})
    await stack.parts.jobs.progress(job, [delivery], [])
    entry = stack.parts.scribe.entry(Actor("gateway", "scheduler"), "job.ended", f"job:{job}")
    await stack.parts.jobs.end(job, "done", entry)
    answer = await stack.call("pat", "DELETE", f"/v1/replays/{job}")
    assert (answer.status, answer.json["code"]) == (409, "job-state")
    shown = (await stack.call("pat", "GET", f"/v1/replays/{job}")).json
    assert (shown["state"], shown["done"], shown["total"]) == ("done", 1, 1)


async def test_queues_count_what_is_owed(stack):
    await stack.owe()
    await stack.dead()
    (queue,) = (await stack.call("pat", "GET", "/v1/queues")).json["rows"]
    assert (queue["partner"], queue["pending"], queue["dead"]) == ("iowa", 1, 1)
    moves = ("entered_a_minute", "left_a_minute", "change_a_minute", "consumers", "clears_in_seconds")
    assert [queue[name] for name in moves] == [None] * 5, "nobody measured"


async def test_queues_tell_how_they_move_as_it_was_measured(stack):
    await stack.owe()
    now = stack.parts.clock()
    figures = {"queue.entered": 2.0, "queue.left": 4.0, "queue.pending": 1.0, "broker.consumers": 3.0}
    await stack.parts.health.add_samples([Sample(now, series, "iowa", value) for series, value in figures.items()])
    await stack.parts.health.add_samples([Sample(now, "minute.delivered", "", 4.0)])
    (queue,) = (await stack.call("pat", "GET", "/v1/queues")).json["rows"]
    assert (queue["entered_a_minute"], queue["left_a_minute"], queue["consumers"]) == (2.0, 4.0, 3)
    assert queue["change_a_minute"] is None, "one reading says nothing of a change"
    assert queue["clears_in_seconds"] == 60 * queue["pending"] / (4.0 - 2.0)


async def test_unknown_jobs_do_not_exist(stack):
    assert (await stack.call("pat", "GET", f"/v1/replays/{NOBODYS}")).status == 404
    assert (await stack.call("pat", "DELETE", f"/v1/replays/{NOBODYS}")).status == 404
    assert (await stack.call("pat", "POST", "/v1/replays", json={"token": NOBODYS})).status == 404


async def test_a_race_of_retries_has_one_winner(stack):
    delivery = await stack.dead()
    path = f"/v1/deliveries/{delivery}/retry"
    answers = await asyncio.gather(*(stack.call("pat", "POST", path, json=WHY) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    assert (await stack.parts.desk.get(delivery)).state is DeliveryState.PENDING
    assert len(await stack.entries("delivery.retried")) == 1
