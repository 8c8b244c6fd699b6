"""Submissions over HTTP: accepted means durable, the same submission gets the same answer, bad input a clear one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
import zlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from gateway.core.admission import Gauge
from gateway.core.model import Actor, Page
from gateway.store.spool import StoredSpool
from gateway.web.limits import Limits
from gateway.work.admission import Capacity, Door
from tests.contract.api_stack import BODY_LIMIT, running

BODY = b"one\n!two\nthree\n"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


async def hold(parts, submission, cause="internal"):
    """Put it aside, as if the gateway had failed at it too often."""
    now = parts.clock()
    claimed = await StoredSpool(parts.held_bodies._database, parts.clock).claim("a", now, now + timedelta(minutes=2))
    assert claimed.id == submission
    entry = parts.scribe.entry(Actor("gateway", "intake"), "submission.held", f"submission:{submission}")
    assert await parts.held_bodies.hold("a", submission, cause, entry)


def problem(answer, status, code):
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["status"] == status
    uuid.UUID(answer.json["instance"].removeprefix("urn:uuid:"))


async def test_an_accepted_submission_is_in_the_store_when_the_answer_comes(stack):
    answer = await stack.post(BODY)
    assert answer.status == 202
    stored = await stack.parts.submissions.get(answer.json["submission"])
    assert stored.receipt == answer.body
    assert answer.headers["Location"] == f"/v1/submissions/{stored.id}"
    assert stored.counts.refused == 1


async def test_a_repeat_gets_the_same_bytes_and_says_so(stack):
    first, second = await stack.post(BODY), await stack.post(BODY, key='"k-1"')
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("coding", ["gzip, chunked", "deflate, chunked", "identity, chunked"])
async def test_a_body_in_a_transfer_coding_that_nobody_undoes_is_not_judged_as_it_came(stack, coding):
    address = urlsplit(stack.address)
    fields = {
        "Host": address.netloc,
        "Content-Type": "application/xml",
        "Connection": "close",
        **stack.headers("ohio", Idempotency_Key="k-1", Transfer_Encoding=coding),
    }
    head = "POST /v1/submissions HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    packed = zlib.compress(BODY)
    writer.write(b"%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (head.encode(), len(packed), packed))
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert (await stack.call("ohio", "GET", "/v1/submissions")).json["rows"] == []


async def test_the_same_key_with_other_bytes_is_refused(stack):
    await stack.post(BODY)
    problem(await stack.post(b"other"), 422, "idempotency-mismatch")


async def test_two_senders_may_use_the_same_key(stack):
    first, second = await stack.post(BODY), await stack.post(b"other", caller="iowa")
    assert first.status == second.status == 202
    assert first.json["submission"] != second.json["submission"]


async def test_a_post_without_a_key_is_refused(stack):
    problem(await stack.post(BODY, key=""), 400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["a b", '"a', "ä", "x" * 129, '""', "a;b=1"])
async def test_a_key_that_is_not_a_token_is_refused(stack, key):
    problem(await stack.post(BODY, key=key), 400, "idempotency-key-unfit")


async def test_two_keys_are_refused_whichever_comes_first(stack):
    headers = [*stack.headers("ohio").items(), ("Idempotency-Key", "k-1"), ("Idempotency-Key", "k-2")]
    async with stack.session.post(stack.address + "/v1/submissions?format=xml", headers=headers, data=BODY) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "idempotency-key-unfit")


async def test_the_query_names_the_format_over_the_media_type(stack):
    answer = await stack.post(BODY, path="/v1/submissions?format=csv-b", Content_Type="application/x-unknown")
    assert (await stack.parts.submissions.get(answer.json["submission"])).format == "csv-b"


async def test_a_media_type_of_several_formats_means_the_one_that_the_partner_may_post(stack):
    answer = await stack.post(BODY, Content_Type="text/csv; charset=utf-8")
    assert (await stack.parts.submissions.get(answer.json["submission"])).format == "csv-a"
    problem(await stack.post(BODY, caller="iowa", Content_Type="text/csv"), 415, "format-ambiguous")


@pytest.mark.parametrize(
    ("query", "media_type"), [("", "text/x-out"), ("", "image/png"), ("?format=out", "text/csv"), ("?format=no", "a/b")]
)
async def test_a_format_that_is_not_read_is_refused(stack, query, media_type):
    answer = await stack.post(BODY, path="/v1/submissions" + query, Content_Type=media_type)
    problem(answer, 415, "format-unknown")


async def test_xml_has_two_media_types(stack):
    assert (await stack.post(BODY, Content_Type="text/xml")).status == 202


async def test_the_answer_to_an_unknown_parameter_names_those_that_there_are(stack):
    answer = await stack.post(BODY, path="/v1/submissions?fromat=xml")
    (fault,) = answer.json["errors"]
    assert (fault["code"], fault["expected"]) == ("extra_forbidden", "no others than format")
    assert answer.json["detail"] == "A member or parameter is not valid."


@pytest.mark.parametrize("query", ["?sender=iowa", "?format=xml&format=csv-a", "?format=" + "x" * 65])
async def test_a_query_that_means_nothing_here_is_refused(stack, query):
    assert (await stack.post(BODY, path="/v1/submissions" + query)).json["code"] in ("invalid-members", "bad-request")


async def test_an_empty_body_is_refused(stack):
    problem(await stack.post(b""), 422, "empty-body")


async def test_a_body_over_the_partners_cap_is_refused_whether_announced_or_streamed(stack):
    problem(await stack.post(b"x" * (BODY_LIMIT + 1)), 413, "too-large")

    async def stream():
        for _ in range(17):
            yield b"x" * 65536

    problem(await stack.post(stream()), 413, "too-large")
    assert (await stack.parts.submissions.list(None, Page())).rows == ()


async def test_gzip_is_refused_unless_enabled(stack):
    problem(await stack.post(zlib.compress(BODY), Content_Encoding="gzip"), 415, "encoding-refused")


async def test_gzip_is_read_when_enabled_and_its_bytes_are_those_inside(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, Limits(gzip=True)) as stack:
        answer = await stack.post(gzipped(BODY), Content_Encoding="gzip")
        stored = await stack.parts.submissions.get(answer.json["submission"])
        assert stored.body_digest == hashlib.sha256(BODY).hexdigest()
        problem(await stack.post(gzipped(b"a" * 400_000), Content_Encoding="gzip"), 413, "compression-ratio")
        problem(await stack.post(gzipped(BODY)[:-4], Content_Encoding="gzip"), 400, "body-cut-off")
        problem(await stack.post(gzipped(BODY) + b"more", Content_Encoding="gzip"), 415, "encoding-refused")
        problem(await stack.post(b"not gzip", Content_Encoding="gzip"), 415, "encoding-refused")
        problem(await stack.post(BODY, Content_Encoding="br"), 415, "encoding-refused")


async def test_a_gzip_bomb_would_pass_without_the_ratio_cap(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, Limits(gzip=True, gzip_ratio=10**6)) as stack:
        assert (await stack.post(gzipped(b"a" * 400_000), Content_Encoding="gzip")).status == 202


def gzipped(body):
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(body) + packer.flush()


async def test_a_content_digest_is_checked(stack):
    right = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    problem(await stack.post(BODY, Content_Digest=f"sha-256=:{wrong}:"), 422, "content-digest-mismatch")
    problem(await stack.post(BODY, Content_Digest=f"sha-512=:AA==:, sha-256=:{right}:"), 422, "content-digest-mismatch")
    assert (await stack.post(BODY, Content_Digest=f"md5=:AA==:, sha-256=:{right}:")).status == 202


async def test_an_operator_cannot_submit(stack):
    problem(await stack.post(BODY, caller="pat"), 403, "forbidden")


async def test_a_key_without_the_scope_cannot_submit(stack):
    problem(await stack.post(BODY, caller="reader"), 403, "forbidden")


async def test_a_full_gateway_says_when_to_come_again_and_takes_nothing(sqlite_url, tmp_path):
    shut = Door({}, Capacity(10, 10), lambda: 0.0, lambda _cause: None, frozenset({Gauge.MEMORY}))
    async with running(sqlite_url, tmp_path, change=lambda parts: replace(parts, admission=shut)) as stack:
        answer = await stack.post(BODY)
        problem(answer, 503, "overloaded")
        assert answer.headers["Retry-After"] == "10"
        assert (await stack.parts.submissions.list(None, Page())).rows == ()


async def test_a_submission_that_is_still_judged_says_when_to_ask(stack):
    answer = await stack.post(b"...")
    assert answer.status == 202
    assert answer.headers["Retry-After"] == "2"
    look = await stack.call("ohio", "GET", answer.headers["Location"])
    assert look.json["state"] == "received"
    assert look.headers["Retry-After"] == "2"


async def test_a_submission_that_is_held_says_why_and_an_operator_has_it_judged_again(stack):
    posted = await stack.post(b"...")
    id_ = posted.json["submission"]
    retry, reason = f"/v1/submissions/{id_}/retry", {"reason": "mended"}
    problem(await stack.call("pat", "POST", retry, json=reason), 409, "submission-state")
    await hold(stack.parts, id_)
    shown = await stack.call("ohio", "GET", posted.headers["Location"])
    assert (shown.json["state"], "Retry-After" in shown.headers) == ("held", False)
    assert shown.json["stopped"]["meaning"].startswith("the gateway itself failed")
    (listed,) = (await stack.call("ohio", "GET", "/v1/submissions?state=held")).json["rows"]
    assert listed["id"] == id_
    assert (await stack.call("iowa", "GET", "/v1/submissions?state=held")).json["rows"] == []
    assert (await stack.call("ohio", "POST", retry, json=reason)).status == 403
    again = await stack.call("pat", "POST", retry, json=reason)
    assert (again.json["state"], again.json["stopped"]) == ("received", None)
    assert (await stack.post(b"...", key="other")).json["state"] == "received"


async def test_a_submission_that_is_held_for_another_cause_is_another_version(stack):
    posted = await stack.post(b"...")
    id_, own = posted.json["submission"], posted.headers["Location"]
    await hold(stack.parts, id_)
    first = await stack.call("ohio", "GET", own)
    known = {"If_None_Match": first.headers["ETag"]}
    assert (await stack.call("ohio", "GET", own, **known)).status == 304
    await stack.call("pat", "POST", f"{own}/retry", json={"reason": "mended"})
    await hold(stack.parts, id_, "seal-broken")
    second = await stack.call("ohio", "GET", own, **known)
    assert second.status == 200
    assert second.json["stopped"] != first.json["stopped"]


async def test_the_submission_tells_counts_and_findings_by_rule_in_plain_words(stack):
    posted = await stack.post(BODY)
    shown = (await stack.call("ohio", "GET", posted.headers["Location"])).json
    assert shown["counts"] == {"records": 3, "accepted": 2, "warned": 0, "refused": 1, "unroutable": 0, "withheld": 0}
    (rule,) = shown["findings"]
    assert (rule["code"], rule["title"], rule["fix"]) == ("T-BAD", "The line is bad", "Write a good line.")
    assert rule["samples"][0]["record"] == 2
    assert rule["samples"][0]["columns"] == "1-1"
    assert "two" not in str(shown)


async def test_records_and_findings_are_paged(stack):
    posted = await stack.post(b"!x\n" * 7)
    own = posted.headers["Location"]
    seen, path = [], f"{own}/findings?limit=3"
    while path:
        answer = await stack.call("ohio", "GET", path)
        seen += [row["record"] for row in answer.json["rows"]]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert bool(path) == (answer.json["next"] is not None)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    records = (await stack.call("ohio", "GET", f"{own}/records?state=refused&limit=500")).json["rows"]
    assert [row["ordinal"] for row in records] == [1, 2, 3, 4, 5, 6, 7]
    assert (await stack.call("ohio", "GET", f"{own}/records?state=routed")).json["rows"] == []


async def test_a_cursor_that_is_not_ours_is_refused(stack):
    posted = await stack.post(BODY)
    answer = await stack.call("ohio", "GET", posted.headers["Location"] + "/findings?cursor=abc")
    problem(answer, 400, "bad-cursor")


async def test_an_unchanged_submission_is_not_sent_again(stack):
    path = (await stack.post(BODY)).headers["Location"]
    first = await stack.call("ohio", "GET", path)
    etag = first.headers["ETag"]
    again = await stack.call("ohio", "GET", path, If_None_Match=f'"other", W/{etag}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert (await stack.call("ohio", "GET", path, If_None_Match='"other"')).status == 200


async def test_a_validation_keeps_nothing(stack):
    answer = await stack.post(BODY, path="/v1/validations")
    assert answer.status == 200
    assert answer.json["counts"]["refused"] == 1
    assert answer.json["rules"][0]["fix"] == "Write a good line."
    assert (await stack.parts.submissions.list(None, Page())).rows == ()


async def test_submissions_are_listed_newest_first_and_only_ones_own(stack):
    first, second = await stack.post(b"a", key="1"), await stack.post(b"b", key="2")
    await stack.post(b"c", key="3", caller="iowa")
    rows = (await stack.call("ohio", "GET", "/v1/submissions")).json["rows"]
    assert [row["id"] for row in rows] == [second.json["submission"], first.json["submission"]]
    assert len((await stack.call("pat", "GET", "/v1/submissions")).json["rows"]) == 3


async def test_each_submission_that_is_turned_away_is_written_down_once(stack):
    await stack.post(b"x" * (BODY_LIMIT + 1))
    await stack.post(BODY, Content_Type="image/png")
    await stack.post(BODY)
    await stack.post(b"other")
    entries = await stack.entries("access.refused")
    assert [entry.outcome for entry in entries] == ["too-large", "format-unknown", "idempotency-mismatch"]
    assert {str(entry.actor) for entry in entries} == {"partner:ohio"}


async def test_what_an_attestation_is_worth_goes_with_the_body(stack):
    version = (await stack.call(None, "GET", "/about/attestation")).json["version"]
    for number, named in enumerate((version, "2026-11-28.00000000")):
        for path in ("/v1/submissions", "/v1/validations"):
            await stack.post(BODY, key=f"k-{number}", path=path, Gateway_Attestation=named)
    await stack.post(BODY)
    assert stack.parts.intake.attested == [version, version, "outdated", "outdated", ""]


@pytest.mark.parametrize("named", ["", "a b", "x" * 41, "1;2", "\u00e4"])
async def test_an_attestation_that_names_no_version_is_refused(stack, named):
    problem(await stack.post(BODY, Gateway_Attestation=named), 400, "attestation-unfit")
