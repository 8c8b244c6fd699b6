"""Asking a partner about a case while the caller waits: what is told, what is not, and what is written down of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from dataclasses import replace

import pytest
from aiohttp import web

from gateway.core.model import FormatName, Page, PartnerKey
from gateway.core.ports.queries import Answered, QueryId
from tests.contract.api_stack import running
from tests.contract.query_stack import QUICK_TO_OPEN, answering, asking
from tests.journeys.partner_server import closes_early, is_slow
from tests.unit.guarding import cleared
from tests.unit.status_records import CASE, IOWA, OHIO, OWN_CASE, QUESTION, SWAPPED, answer, party, question

QUERY, ANSWER = question(), answer()
ASKED, ANSWERED = ("query.asked", "ok"), ("query.answered", "found")


@pytest.fixture
async def iowa(sqlite_url, tmp_path):
    async with asking(sqlite_url, tmp_path) as made:
        made.says(ANSWER)
        yield made


def failed(code: str) -> list[tuple[str, str]]:
    return [ASKED, ("query.failed", code)]


# --- answered ---------------------------------------------------------------------------------------------------------


async def test_the_answer_comes_back_under_the_id_of_the_request(iowa):
    seen = []

    async def behave(request: web.Request, body: bytes) -> web.Response:
        seen.append((dict(request.headers), body))
        return web.Response(text=ANSWER, content_type="application/xml")

    iowa.answers(behave)
    found = await iowa.ask(QUERY)
    assert (found.status, found.headers["Content-Type"]) == (200, "application/xml")
    assert b"<TotalOwedAmount>1850.00</TotalOwedAmount>" in found.body
    ((headers, body),) = seen
    assert headers["Gateway-Query"] == found.headers["Gateway-Query"] == found.headers["X-Request-Id"]
    assert headers["Content-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert b"<RecipientCaseID>SYN500000001</RecipientCaseID>" in body
    assert await iowa.written() == [ASKED, ANSWERED]
    assert iowa.present.ended == [(IOWA, "answered")]


class Misdirecting:
    """Answers every query, with a word of the guard's that is about what a test wants."""

    def __init__(self, query, caller):
        self.query, self.caller = query, caller

    async def ask(self, _sender, _format, _body, query, _attested=""):
        return Answered(ANSWER.encode(), "application/xml", cleared(self.query or query, self.caller))

    async def close(self):
        pass


@pytest.mark.parametrize(
    ("query", "caller", "status"), [(None, OHIO, 200), (None, IOWA, 500), ("another", OHIO, 500)],
    ids=["control: the caller's", "another caller's", "another query's"],
)  # fmt: skip
async def test_an_answer_that_was_cleared_for_another_is_not_told(sqlite_url, tmp_path, query, caller, status):
    misdirecting = Misdirecting(query, caller)
    async with running(sqlite_url, tmp_path, change=lambda parts: replace(parts, queries=misdirecting)) as stack:
        found = await stack.call("ohio", "POST", "/v1/queries", data=QUERY.encode(), Content_Type="application/xml")
        assert found.status == status
        assert (b"TotalOwedAmount" in found.body) is (status == 200)


async def test_a_caller_may_ask_in_json_and_the_partner_answer_in_its_own_form(iowa):
    asked = {"kind": "case-status", **QUESTION}
    found = await iowa.ask(json.dumps(asked), media_type="application/json")
    assert found.json["Financial"] == {"TotalOwedAmount": "1850.00"}, found.body
    iowa.know(iowa=iowa.iowa(formats={"case-status": "json"}))

    async def behave(request: web.Request, body: bytes) -> web.Response:
        assert (json.loads(body), request.content_type) == (asked, "application/json")
        return web.json_response(asked | SWAPPED | {"ResultCode": "not-found"})

    iowa.answers(behave)
    assert b"<ResultCode>not-found</ResultCode>" in (await iowa.ask(QUERY)).body


async def test_nothing_of_a_case_is_kept_and_the_entries_tell_who_asked_whom_about_which(iowa):
    await iowa.ask(QUERY)
    entries = await iowa.stack.entries("query.asked") + await iowa.stack.entries("query.answered")
    text = " ".join(f"{one.object} {one.actor} {one.outcome} {dict(one.details)}" for one in entries)
    assert not any(word in text for word in ("CANARY", CASE, OWN_CASE, "1850"))
    asked, answered = (dict(one.details) for one in entries)
    assert (str(entries[0].actor), asked["partner"], asked["agreement"]) == ("partner:ohio", "iowa", "ohio-iowa")
    assert asked["case"] == iowa.stack.parts.indexer.index("case:iowa", CASE).hex()
    assert entries[0].object == entries[1].object
    assert len(answered["sha256"]) == len(asked["sha256"]) == 64
    rows = await iowa.stack.parts.submissions.list(None, Page())
    assert rows.rows == ()


async def test_a_query_that_is_asked_again_is_asked_again(iowa):
    assert [(await iowa.ask(QUERY)).status for _ in range(2)] == [200, 200]
    assert len(iowa.server.tries) == 2


# --- disclosure prohibited --------------------------------------------------------------------------------------------

# --- not told, not asked ----------------------------------------------------------------------------------------------


async def test_an_answer_about_a_protected_person_is_not_told_and_its_entry_says_who_kept_it_back(iowa):
    iowa.says(ANSWER.replace("<Noncust", "<FamilyViolenceIndicator>Y</FamilyViolenceIndicator><Noncust", 1))
    kept = await iowa.ask(QUERY)
    iowa.says(question(**SWAPPED, ResultCode="disclosure-prohibited"))
    prohibited = await iowa.ask(QUERY)
    assert (kept.status, prohibited.status) == (200, 200)
    assert kept.body == prohibited.body
    assert set(kept.headers) == set(prohibited.headers)
    assert await iowa.written() == [ASKED, ("query.answered", "disclosure-prohibited")] * 2
    entries = [dict(one.details) for one in await iowa.stack.entries("query.answered")]
    assert [one.get("withheld") for one in entries] == ["disclosure-family-violence", None]
    assert iowa.present.ended == [(IOWA, "answered")] * 2


async def test_the_control_the_same_answer_about_nobody_protected_is_told(iowa):
    iowa.says(ANSWER.replace("<Noncust", "<FamilyViolenceIndicator>N</FamilyViolenceIndicator><Noncust", 1))
    assert b"CANARY" in (await iowa.ask(QUERY)).body
    assert await iowa.written() == [ASKED, ANSWERED]


async def test_a_query_that_may_not_be_asked_goes_nowhere_and_has_one_entry(iowa):
    iowa.know(agreements=())
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["type"], found.json["code"]) == (
        403,
        "/problems/query-refused",
        "agreement-missing",
    )
    found = await iowa.ask(question(RecipientLocatorID="99"))
    assert (found.status, found.json["code"]) == (403, "recipient-unknown")
    found = await iowa.ask(question(RecipientCaseID=None))
    assert (found.status, found.json["code"]) == (422, "query-invalid")
    assert [one["rule"] for one in found.json["findings"]] == ["CST-CASE"]
    assert iowa.server.tries == []
    refusals = [("query.refused", code) for code in ("agreement-missing", "recipient-unknown", "query-invalid")]
    assert await iowa.written() == refusals
    assert iowa.present.ended == [(None, "refused")] * 3


async def test_a_key_needs_the_scope_of_queries(iowa):
    found = await iowa.ask(QUERY, caller="reader")
    assert (found.status, found.json["code"]) == (403, "forbidden")
    found = await iowa.ask(QUERY, caller=None)
    assert found.status == 401
    assert [action for action, _ in await iowa.written()] == ["access.refused"] * 2


async def test_a_body_in_another_form_or_of_another_size_is_not_read(iowa):
    assert (await iowa.ask(QUERY, media_type="text/csv")).status == 415
    assert (await iowa.ask(QUERY + " " * 70_000)).status == 413
    assert (await iowa.ask(QUERY, Content_Digest=f"sha-256=:{base64.b64encode(bytes(32)).decode()}:")).status == 422
    assert iowa.server.tries == []


# --- the partner misbehaves -------------------------------------------------------------------------------------------


async def test_a_slow_partner_is_waited_for_no_longer_than_its_limit(iowa):
    iowa.answers(is_slow)
    begun = time.monotonic()
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["code"]) == (504, "query-timeout")
    assert 0.9 < time.monotonic() - begun < 5
    assert await iowa.written() == failed("query-timeout")


async def test_a_partner_that_drips_its_answer_is_waited_for_no_longer_either(iowa):
    async def drips(request: web.Request, _body: bytes) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    iowa.answers(drips)
    begun = time.monotonic()
    assert (await iowa.ask(QUERY)).status == 504
    assert time.monotonic() - begun < 5


async def test_a_partner_that_closes_early_gave_no_answer(iowa):
    iowa.answers(closes_early)
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["type"], found.json["code"]) == (
        502,
        "/problems/query-answer-unfit",
        "closed-early",
    )
    assert await iowa.written() == failed("closed-early")


async def test_an_answer_of_a_hundred_megabytes_is_cut_off_and_not_held(iowa):
    sent = 0

    async def floods(request: web.Request, _body: bytes) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/xml"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(1_600):
            await response.write(b" " * 65_536)
            sent += 65_536
        return response

    iowa.answers(floods)
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["code"]) == (502, "answer-too-large")
    assert sent < 20 * 2**20


async def test_a_status_of_the_partner_is_told_without_its_words(iowa):
    table = [(404, 502, None), (204, 502, None), (302, 502, None), (503, 503, "17"), (429, 503, "300")]
    waits = {503: "17", 429: "86400"}
    for theirs, ours, retry_after in table:
        headers = {"Retry_After": waits[theirs]} if theirs in waits else {"Location": "http://127.0.0.1/"}
        iowa.says("" if theirs == 204 else "CANARY", status=theirs, **headers)
        found = await iowa.ask(QUERY)
        assert (found.status, found.json["code"]) == (ours, f"http-{theirs}")
        assert found.headers.get("Retry-After") == retry_after
        assert b"CANARY" not in found.body
    assert len(iowa.server.tries) == len(table)


async def test_a_packed_answer_or_one_of_another_media_type_is_not_read(iowa):
    iowa.says(ANSWER, "text/html")
    assert (await iowa.ask(QUERY)).json["code"] == "answer-media-type"
    iowa.says(b"\x1f\x8b", Content_Encoding="gzip")
    assert (await iowa.ask(QUERY)).json["code"] == "answer-packed"


async def test_a_partner_that_is_not_there_is_told_as_such(iowa):
    iowa.know(iowa=party(IOWA, "19", answering(1)))
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["type"], found.json["code"]) == (
        503,
        "/problems/query-partner-down",
        "connect-failed",
    )
    assert int(found.headers["Retry-After"]) > 0
    assert await iowa.written() == failed("connect-failed")


async def test_a_query_never_reaches_our_own_network(iowa):
    """The control is every other test: this one alone does not say ``allow_private``."""
    iowa.know(iowa=party(IOWA, "19", answering(iowa.server.port, allow_private=False)))
    assert (await iowa.ask(QUERY)).status == 503
    assert iowa.server.tries == []
    assert [outcome for _, outcome in await iowa.written()] == ["ok", "endpoint-option"]


# --- breaker, pause, limit --------------------------------------------------------------------------------------------


async def test_after_failures_in_a_row_the_partner_is_left_alone_for_a_while_and_then_probed(iowa):
    iowa.know(iowa=iowa.iowa(breaker=QUICK_TO_OPEN))
    iowa.says("", status=503)
    assert [(await iowa.ask(QUERY)).json["code"] for _ in range(3)] == ["http-503", "http-503", "breaker-open"]
    assert len(iowa.server.tries) == 2
    assert (await iowa.written())[-1] == ("query.failed", "breaker-open")
    iowa.says(ANSWER)
    assert (await iowa.ask(QUERY)).headers["Retry-After"] == "30"
    iowa.stack.watch.forward(31)
    assert [(await iowa.ask(QUERY)).status for _ in range(2)] == [200, 200]


async def test_answers_that_cannot_be_used_do_not_open_the_breaker(iowa):
    iowa.know(iowa=iowa.iowa(breaker=QUICK_TO_OPEN))
    iowa.says(answer(QueryID="OH-18"))
    assert {(await iowa.ask(QUERY)).json["code"] for _ in range(4)} == {"answer-to-another-query"}


async def test_a_paused_partner_is_not_asked(iowa):
    iowa.know(iowa=iowa.iowa(paused=True))
    found = await iowa.ask(QUERY)
    assert (found.status, found.json["code"], found.headers["Retry-After"]) == (503, "partner-paused", "30")
    assert iowa.server.tries == []


async def test_a_partner_answers_no_more_queries_at_once_than_it_may(iowa):
    iowa.know(iowa=iowa.iowa(concurrency=1))
    arrived, go = asyncio.Event(), asyncio.Event()

    async def waits(_request: web.Request, _body: bytes) -> web.Response:
        arrived.set()
        await go.wait()
        return web.Response(text=ANSWER, content_type="application/xml")

    iowa.answers(waits)
    first = asyncio.create_task(iowa.ask(QUERY))
    await arrived.wait()
    second = await iowa.ask(QUERY)
    go.set()
    assert (second.status, second.json["code"]) == (503, "partner-busy")
    assert (await first).status == 200
    assert (await iowa.ask(QUERY)).status == 200


# --- the audit log is away --------------------------------------------------------------------------------------------


async def test_what_cannot_be_written_down_is_not_asked_and_its_answer_is_not_told(iowa):
    async def loses_the_log(_request: web.Request, _body: bytes) -> web.Response:
        await rename("audit_entries", "audit_away")
        return web.Response(text=ANSWER, content_type="application/xml")

    async def rename(old: str, new: str) -> None:
        async with iowa.stack.database.write() as connection:
            await connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    iowa.answers(loses_the_log)
    found = await iowa.ask(QUERY)
    assert found.status >= 500
    assert b"CANARY" not in found.body
    assert (await iowa.ask(QUERY)).status >= 500
    assert len(iowa.server.tries) == 1
    await rename("audit_away", "audit_entries")
    assert await iowa.written() == [ASKED]


async def test_a_query_that_is_called_off_has_its_end_written_down(iowa):
    """What the end of a process does to exchanges that are still running."""
    arrived = asyncio.Event()

    async def waits(_request: web.Request, _body: bytes) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    iowa.answers(waits)
    parts = iowa.stack.parts
    caller = (await parts.directory()).partners[PartnerKey("ohio")]
    running = asyncio.create_task(parts.queries.ask(caller, FormatName("xml"), QUERY.encode(), QueryId("q-1")))
    await arrived.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await iowa.written() == failed("query-called-off")
