"""Bad input gets a clear answer: which record, which rule, where; the good records beside it go on."""

from __future__ import annotations

import pytest

from tests.journeys import hostile, samples
from tests.journeys.site import until, whole

SMALL = 64 * 1024
FAULTY = 10_000


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        yield site


RECORD_FAULTS = {
    "a transaction of the wrong length": ("ohio", "csenet", hostile.WRONG_LENGTH, "CSE-LENGTH"),
    "an unknown triple": ("ohio", "csenet", hostile.UNKNOWN_TRIPLE, "CSE-TRIPLE-UNKNOWN"),
    "a block count that disagrees": ("ohio", "csenet", hostile.BLOCKS_DISAGREE, "CSE-LENGTH"),
    "a byte beyond ASCII": ("ohio", "csenet", hostile.NON_ASCII, "FIX-CHARACTER"),
    "a short W-4 record": ("ohio", "w4", hostile.SHORT_W4, "FIX-LENGTH"),
    "doubled JSON members": ("tribe-90830", "json", hostile.DOUBLED, "JSON-DUPLICATE"),
    "another sender's record": ("michigan", "csenet", hostile.GOOD, "SENDER-MISMATCH"),
}
FILE_FAULTS = {
    "a W-4 file without header": ("ohio", "w4", hostile.NO_HEADER, "W4-HEADER-MISSING"),
    "a DOCTYPE": ("ohio", "xml", hostile.DOCTYPE, "XML-DOCTYPE"),
    "deep XML": ("ohio", "xml", hostile.DEEP_XML, "XML-DEPTH"),
    "huge XML": ("michigan", "xml", hostile.HUGE_XML, "XML-RUN"),
    "invalid UTF-8": ("michigan", "xml", hostile.BAD_UTF8, "XML-ENCODING"),
    "deep JSON": ("tribe-90830", "json", hostile.DEEP_JSON, "JSON-DEPTH"),
}


async def test_a_faulty_record_is_refused_with_rule_and_place(site):
    for name, (sender, form, body, rule) in RECORD_FAULTS.items():
        answer = await site.api.submit(sender, form, body)
        assert answer.status == 202, (name, answer.body)
        receipt = answer.json
        assert (receipt["counts"]["records"], receipt["counts"]["refused"]) == (1, 1), (name, receipt)
        assert receipt["records"][0]["reason"] == rule, name
        finding = next(one for one in receipt["findings"] if one["code"] == rule)
        assert finding["title"], name
        assert finding["fix"], name
        assert finding["source"], name
        assert finding["samples"][0]["record"] == 1, name
        assert finding["samples"][0].get("line", 0) >= (form != "json"), (name, finding)
        assert len(answer.body) < SMALL, name
        assert (await site.api.send(sender, "GET", finding["help"])).status == 200, name


async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(site):
    for name, (sender, form, body, rule) in FILE_FAULTS.items():
        answer = await site.api.submit(sender, form, body)
        assert (answer.status, answer.json["code"]) == (422, "unreadable"), (name, answer.body)
        assert rule in [finding["rule"] for finding in answer.json["findings"]], name
        assert len(answer.body) < SMALL, name
        assert (await site.api.get(sender, "/v1/submissions"))["rows"] == [], name


async def test_a_file_that_is_too_big_to_judge_at_once_and_cannot_be_read_ends_with_a_finding(site):
    answer = await site.api.submit("michigan", "xml", hostile.HUGE_XML + b" " * 6_000_000)
    assert (answer.status, answer.json["state"]) == (202, "received")

    async def judged():
        found = await site.api.get("michigan", answer.json["links"]["self"])
        return found if found["state"] == "judged" else None

    found = await until(judged, "it is judged")
    assert found["counts"]["accepted"] == 0
    assert [(one["code"], one["severity"]) for one in found["findings"]] == [("XML-RUN", "fatal")]


async def test_an_empty_body_is_refused(site):
    answer = await site.api.submit("ohio", "csenet", b"")
    assert (answer.status, answer.json["code"]) == (422, "empty-body")


async def test_records_may_end_in_any_way_that_senders_know(site):
    for number, end in enumerate((b"\r", b"\n", b"\r\n", b"")):
        cases = b"".join(samples.csenet(10 * number + one)[:-1] + end for one in range(3))
        head, *data = samples.W4.splitlines()[:4]
        hires = end.join([head[:26] + b"%06d" % number + head[32:], *data]) + end
        assert (await site.api.accepted("ohio", "csenet", cases))["counts"]["accepted"] == 3, end
        assert (await site.api.accepted("ohio", "w4", hires))["counts"]["accepted"] == 3, end


async def test_a_serial_number_that_was_used_before_is_refused(site):
    twice = samples.csenet(1) + samples.csenet(2) + samples.csenet(1)
    receipt = (await site.api.submit("ohio", "csenet", twice)).json
    assert [one["reason"] for one in receipt["records"]] == [None, None, "CSE-SERIAL-DUPLICATE"]


async def test_good_records_beside_a_faulty_one_go_on(site):
    body = samples.csenet(1) + hostile.NON_ASCII.replace(samples.serial(1), samples.serial(2)) + samples.csenet(3)
    receipt = (await site.api.submit("ohio", "csenet", body)).json
    assert [one["state"] for one in receipt["records"]] == ["routed", "refused", "routed"]
    await until(lambda: len(site.partners.deliveries("michigan")) == 2, "the good ones arrive")


async def test_a_caller_without_a_key_is_not_a_partner(site):
    site.api.tokens = {**site.api.tokens, "stranger": "gwk_nobody_nothing"}
    answer = await site.api.submit("stranger", "csenet", samples.csenet(1))
    assert (answer.status, answer.json["type"]) == (401, "/problems/unauthenticated")


@pytest.mark.timeout(240)
async def test_ten_thousand_faulty_records_get_a_small_answer_and_all_findings_in_pages(site):
    line = hostile.W4_RECORD[:-2]
    body = b"\n".join([hostile.HEAD, *(line[:2] + str(900_000_000 + n).encode() + line[11:] for n in range(FAULTY))])
    answer = await site.api.submit("ohio", "w4", body + b"\n")
    assert (answer.status, answer.json["state"]) == (202, "received")
    assert len(answer.body) < SMALL
    own = answer.json["links"]["self"]

    async def judged():
        return (await site.api.get("ohio", own))["state"] == "judged"

    await until(judged, "all are judged", 120)
    detail = await site.api.send("ohio", "GET", own)
    assert len(detail.body) < SMALL
    assert detail.json["counts"]["refused"] == FAULTY
    findings = await site.api.everything("ohio", f"{own}/findings")
    short = [one["record"] for one in findings if one["rule"] == "FIX-LENGTH"]
    assert short == list(range(1, FAULTY + 1)), "complete, in file order, none twice"


async def test_a_body_of_rubbish_that_is_judged_at_once_gets_a_small_answer_too(site):
    receipt = await site.api.submit("ohio", "csenet", b"\r".join(b"X" * 200 for _ in range(900)) + b"\r")
    assert receipt.status in (202, 422)
    assert len(receipt.body) < SMALL
