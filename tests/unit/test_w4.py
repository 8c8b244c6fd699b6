"""W-4 files: header, data, trailer; read, written to the byte, and every fault named."""

import pickle
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Role
from gateway.core.ports.formats import Cover
from gateway.core.rules import BusinessRules, told
from gateway.tools import speech
from tests.unit.fixed_width_samples import (
    CATALOG,
    CHANCES,
    COVER,
    EXAMPLES,
    MICHIGAN,
    VECTORS,
    partner,
    sampled,
    vector,
)
from transforms.w4 import W4Format
from transforms.w4_reader import WINDOW

W4 = W4Format(CATALOG)
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
TODAY = date(2025, 4, 1)
DATA = CATALOG.layouts["w4-data"]
HEADER = CATALOG.layouts["w4-header"]
EXAMPLE = (EXAMPLES / "ohio-new-hires.w4").read_bytes()


def frames(body: bytes, *pieces: int):
    reader = W4.reader()
    found = []
    at = 0
    for size in (*pieces, len(body)):
        found += reader.feed(body[at : at + size])
        at += size
    return found + reader.finish(), reader


def contents(body: bytes) -> list[Content]:
    found, reader = frames(body)
    assert not reader.findings
    return [W4.decode(frame, reader.heading).content for frame in found]


def verdict(body: bytes) -> list[str]:
    found, reader = frames(body)
    said = [f"file:{finding.rule}" for finding in reader.findings]
    for frame in found:
        decoded = W4.decode(frame, reader.heading)
        findings = decoded.findings
        if decoded.content:
            facts = CANONICAL.facts(decoded.content)
            rules = RULES.judge(decoded.content, facts, W4.name, frame.ordinal, TODAY)
            findings = told(findings, CANONICAL.validate(CANONICAL.write(decoded.content), frame.ordinal), rules)
        said += [f"{finding.record}:{finding.rule}" for finding in findings]
    return said


@pytest.mark.parametrize("path", sorted((VECTORS / "w4").glob("*.vector")), ids=lambda path: path.stem)
def test_vector(path):
    head, body = vector(path)
    expected = [] if head["expect"] == "nothing" else head["expect"].split()
    assert len(frames(body)[0]) == int(head["records"])
    assert sorted(verdict(body)) == sorted(expected)


@pytest.mark.parametrize("path", sorted((VECTORS / "w4").glob("*.vector")), ids=lambda path: path.stem)
@settings(max_examples=8, deadline=None)
@given(size=st.integers(1, 900))
def test_pieces_of_any_size_give_the_same_frames(path, size):
    body = vector(path)[1]
    whole, reader = frames(body)
    cut, other = frames(body, *[size] * (len(body) // size))
    assert cut == whole
    assert (other.findings, other.heading) == (reader.findings, reader.heading)


LINES = [EXAMPLE[802:1603], EXAMPLE[1604:2405], EXAMPLE[:801], b"T4".ljust(801), b"W4 short", b"", b"W4\r".ljust(801)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LINES[:2] * 4 + LINES), st.sampled_from([b"\n", b"\r\n"])), max_size=8))
@pytest.mark.parametrize("end", [None, b"\n", b"\r\n"])
def test_records_in_a_row_are_cut_as_they_are_one_by_one(end, lines):
    body = EXAMPLE[:801] + b"".join((end or before) + line for line, before in lines) + b"\n"
    whole, reader = frames(body)
    cut, other = frames(body, *[400] * (len(body) // 400))
    assert cut == whole
    assert (other.findings, other.heading) == (reader.findings, reader.heading)


@settings(max_examples=40, deadline=None)
@given(CHANCES, st.integers(1, 3), st.sampled_from(["\r", "\n", "\r\n", ""]))
def test_every_valid_file_is_written_again_to_the_byte(chance, number, end):
    header = sampled(chance, HEADER)
    header = header if header[2:13].strip(" ") else f"H439{header[4:]}"
    rows = [sampled(chance, DATA) for _ in range(number)]
    body = "".join(text + end for text in (header, *rows)).encode("ascii")
    written = W4.rewrite(contents(body))
    assert written.findings == ()
    assert written.body == "".join(text + "\n" for text in (header, *rows)).encode("ascii")


@settings(max_examples=20, deadline=None)
@given(CHANCES)
def test_the_canonical_document_keeps_a_hire(chance):
    header, row = EXAMPLE[:801], sampled(chance, DATA)
    (content,) = contents(header + b"\n" + row.encode("ascii"))
    document = CANONICAL.write(content)
    assert CANONICAL.read(document) == content
    assert CANONICAL.validate(document, 1) == ()


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=900))
def test_any_bytes_behind_a_header_are_read_without_an_exception(body):
    verdict(EXAMPLE[:802] + body)


def test_the_example_is_valid_and_comes_back_to_the_byte():
    assert verdict(EXAMPLE) == []
    assert len(contents(EXAMPLE)) == 25
    assert W4.rewrite(contents(EXAMPLE)).body == EXAMPLE


def test_the_faulty_example_has_its_faults():
    told = verdict((EXAMPLES / "faulty.w4").read_bytes())
    assert {
        "file:W4-TRAILER-UNVERIFIED", "2:FIX-LENGTH", "3:NH-SSN", "4:FIX-DIGITS", "5:FIX-DATE", "6:NH-HIRE-DATE-FUTURE",
        "7:NH-FEIN", "8:NH-NAME", "9:FIX-DIGITS", "10:FIX-RESERVED", "11:FIX-CONSTANT", "12:FIX-CHARACTER",
    } <= set(told)  # fmt: skip
    assert not [one for one in told if one.startswith("1:")]


def test_the_header_facts_stand_in_every_record():
    assert {c.get("Transmission/TransmitterStateCode") for c in contents(EXAMPLE)} == {"39"}
    assert {CANONICAL.facts(c).sender for c in contents(EXAMPLE)} == {"39"}


def test_a_state_transmits_with_its_number_and_the_batch_number_begins_again():
    header = W4.encode(contents(EXAMPLE), COVER).body[:801]
    assert header[:32] == b"H4" + b"39" + b" " * 9 + b"W4" + b" " + b"01" + b"20250304" + b"000042"


def test_an_employer_transmits_with_its_number():
    employer = partner("acme", Role.EMPLOYER, "990000001")
    header = W4.encode(contents(EXAMPLE), Cover(employer, MICHIGAN, COVER.created_at, 7)).body[:801]
    assert header[2:13] == b"  990000001"


def test_the_count_of_a_trailer_is_compared_only_where_drafts_are_allowed():
    _, body = vector(VECTORS / "w4" / "trailer-wrong.vector")
    allowed = W4Format(schemas.load(drafts=True)).reader()
    assert allowed.feed(body)
    assert [str(one.rule) for one in allowed.findings if one.rule.startswith("W4-TRAILER")] == [
        "W4-TRAILER-UNVERIFIED",
        "W4-TRAILER-COUNT",
    ]
    assert [str(one.rule) for one in frames(body)[1].findings if one.rule.startswith("W4-TRAILER")] == [
        "W4-TRAILER-UNVERIFIED"
    ]


def test_no_trailer_is_written():
    body = W4.encode(contents(EXAMPLE), COVER).body
    assert [line[:2] for line in body.splitlines()] == [b"H4"] + [b"W4"] * 25


def test_what_a_w4_record_has_no_place_for_is_told():
    content = contents(EXAMPLE)[0]
    richer = Content(content.kind, {**content.fields, "MedicalInsurance/InsuranceCarrierName": "SAMPLE MUTUAL"})
    (finding,) = W4.encode([richer, content], COVER).findings
    assert (finding.rule, finding.path) == ("FIX-NOT-CARRIED", "MedicalInsurance/InsuranceCarrierName")


def test_a_name_that_is_too_long_is_told_and_never_cut():
    content = contents(EXAMPLE)[0]
    longer = Content(content.kind, {**content.fields, "Employee/PersonName/PersonSurName": "X" * 31})
    encoded = W4.encode([content, longer], COVER)
    (finding,) = encoded.findings
    assert (finding.rule, finding.record, finding.field) == ("FIX-WIDTH", 2, "employee_last_name")
    assert (finding.start, finding.length) == (44, 30)
    assert finding.severity.blocks
    assert b"X" * 30 not in encoded.body


def test_a_case_transfer_cannot_be_written():
    with pytest.raises(Unprocessable):
        W4.encode([Content("case-transfer", {})], COVER)


def test_a_file_without_any_record_end_does_not_fill_the_memory():
    reader = W4.reader()
    reader.feed(EXAMPLE[:802])
    for _ in range(20):
        reader.feed(b"x" * WINDOW)
    assert [finding.rule for finding in reader.findings] == ["W4-UNREADABLE"]
    assert len(reader._incoming.window(10**9)) <= 2 * WINDOW


def test_a_format_travels_to_a_worker_process():
    again = pickle.loads(pickle.dumps(W4))  # noqa: S301 - our own bytes
    assert again.encode(contents(EXAMPLE), COVER) == W4.encode(contents(EXAMPLE), COVER)
