"""Withholding files: nested batches with their counts, what is refused, who may be written in which file, liens."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.errors import Misconfigured, Unprocessable
from gateway.core.file_order import RecordRole
from gateway.core.model import Content, FormatName, Kind, PartnerKey
from gateway.core.routing import Directory
from gateway.core.rules import BusinessRules
from gateway.offline import Validator
from gateway.offline.dump import dump
from gateway.offline.recognise import HEAD, Recogniser
from gateway.partner_files import read
from gateway.partner_store import known
from gateway.tools import speech
from schemas.checks import check
from tests.unit.fixed_width_samples import CHANCES, COVER, EXAMPLES, partner, sampled
from tests.unit.guarding import decide
from tests.unit.withholding_cases import ANSWER, ORDER, RESULT, TERMINATION

CATALOG = schemas.load(drafts=True)
FORMATS = speech(drafts=True).formats
CANONICAL = speech(drafts=True).canonical
RULES = BusinessRules(CATALOG)
SPOKEN = speech()
TODAY = date(2026, 11, 28)
BATCHED = ("eiwo-order", "eiwo-answer")
MINE = (*BATCHED, "eiwo-result", "eiwo-employers", "lien")
FEINS = st.lists(st.sampled_from(["990000001", "990000002"]), min_size=1, max_size=5)
FEIN = {"eiwo-order": "Order/Employer/EmployerFEINID", "eiwo-answer": "Answer/EmployerFEINID"}


def taken(name: str, body: bytes, *pieces: int):
    """Contents, findings of the file, findings of the records."""
    format_ = FORMATS[FormatName(name)]
    reader, frames, at = format_.reader(), [], 0
    for size in (*pieces, len(body)):
        frames += reader.feed(body[at : at + size])
        at += size
    frames += reader.finish()
    decoded = [format_.decode(frame, reader.heading) for frame in frames]
    return [one.content for one in decoded], list(reader.findings), [f for one in decoded for f in one.findings]


def example(name: str) -> bytes:
    return (EXAMPLES / "fixed" / f"{name}.txt").read_bytes()


def rows(name: str = "eiwo-order") -> list[bytes]:
    return example(name).splitlines(keepends=True)


def over(row: bytes, start: int, text: bytes) -> bytes:
    return row[: start - 1] + text + row[start - 1 + len(text) :]


def rules_of(findings) -> list[str]:
    return [one.rule for one in findings]


def of_employer(content: Content, fein: str) -> Content:
    path = "Order/Employer/EmployerFEINID" if "Order/CaseID" in content.fields else "Answer/EmployerFEINID"
    return replace(content, fields={**content.fields, path: fein})


def made(name: str, chance: Random, feins: list[str]) -> list[Content]:
    """Contents with any valid values: one for each employer of the list, under one header."""
    format_, order = FORMATS[FormatName(name)], CATALOG.files[FormatName(name)]
    fields: dict[str, str] = {}
    detail, compiled = next(
        pair for pair in zip(order.records, format_._records.all, strict=True) if pair[0].role == "detail"
    )
    assert compiled.read(_marked(sampled(chance, CATALOG.layouts[detail.layout]), detail), fields) == []
    block = FEIN[name].partition("/")[0]
    fields |= {"DocumentTypeCode": block[0].replace("O", "I"), f"{block}/AgencyLocatorID": "39000"}
    contents = [Content(order.kind, {**fields, FEIN[name]: fein}) for fein in feins]
    return [Content(one.kind, format_._sorted(one.fields)) for one in contents]


def _marked(text: str, record) -> str:
    for mark in record.marks:
        text = text[: mark.start - 1] + mark.text + text[mark.start - 1 + len(mark.text) :]
    return text


# --- whole files -----------------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(BATCHED), CHANCES, FEINS)
def test_what_is_written_is_read_again_in_batches_of_one_employer(name, chance, feins):
    contents = made(name, chance, feins)
    encoded = FORMATS[FormatName(name)].encode(contents, COVER)
    assert rules_of(encoded.findings) == []
    read_again, file, records = taken(name, encoded.body, 5_000, 777)
    assert (read_again, file, records) == (contents, [], [])
    batches = sum(a != b for a, b in pairwise(feins)) + bool(feins)
    assert encoded.body.count(b"\nBH") == batches


@pytest.mark.parametrize("name", BATCHED)
def test_what_is_read_fits_the_schema_of_its_kind(name):
    for content in made(name, Random(5), ["990000001"]):  # noqa: S311 - sample data, not secrets
        assert [one.path for one in CANONICAL.validate(CANONICAL.write(content), 1)] == []


def test_the_records_stand_in_the_order_of_the_standard_and_say_how_many_there_are():
    body = (
        FORMATS[FormatName("eiwo-order")]
        .encode(
            [of_employer(ORDER, "990000001"), of_employer(ORDER, "990000001"), of_employer(ORDER, "990000002")], COVER
        )
        .body
    )
    lines = body.decode().splitlines()
    assert [line[:3] for line in lines] == ["FHI", "BHI", "DTL", "DTL", "BTI", "BHI", "DTL", "BTI", "FTI"]
    assert [line[25:35] for line in lines if line[1] == "T" and line[0] in "BF"] == [
        "0000000002",
        "0000000001",
        "0000200000",
    ]
    assert [line[30:39] for line in lines if line[1] == "H"] == [" " * 9, "990000001", "990000002"]
    assert {len(line) for line in lines} == {2406}


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\n"])
@pytest.mark.parametrize("name", ["eiwo-order", "eiwo-answer", "eiwo-result", "lien"])
def test_any_line_end_or_none_gives_the_same_records(name, end):
    body = example(name)
    assert taken(name, body.replace(b"\n", end))[0] == taken(name, body)[0] != []


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(MINE), st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_without_an_exception(name, place, damage):
    body = example(name)
    at = place % len(body)
    taken(name, body[:at] + damage + body[at + 1 :], 3_000)


# --- controls --------------------------------------------------------------------------------------------------------

# The example has FHI, BHI, DTL, DTL, BTI, BHI, DTL, BTI, FTI.
SPOILT = [
    ("a batch count in the file trailer", lambda r: [*r[:8], over(r[8], 26, b"00003")], ["FILE-COUNT"]),
    ("a record count in the file trailer", lambda r: [*r[:8], over(r[8], 31, b"00003")], ["FILE-COUNT"]),
    ("a record count of a batch", lambda r: [*r[:4], over(r[4], 31, b"00003"), *r[5:]], ["FILE-COUNT"]),
    ("a blank record count", lambda r: [*r[:4], over(r[4], 31, b"     "), *r[5:]], ["FILE-GROUP"]),
    ("a batch count in a batch trailer", lambda r: [*r[:4], over(r[4], 26, b"00001"), *r[5:]], ["FILE-COUNT"]),
    ("an order lost", lambda r: [*r[:3], *r[4:]], ["FILE-COUNT"]),
    ("a batch lost", lambda r: [*r[:5], r[8]], ["FILE-COUNT"]),
    ("a batch and a count", lambda r: [*r[:4], over(r[4], 31, b"00009"), r[8]], ["FILE-COUNT", "FILE-COUNT"]),
    ("no batch trailer before the next batch", lambda r: [*r[:4], *r[5:]], ["FILE-GROUP-OPEN"]),
    ("no batch trailer before the file trailer", lambda r: [*r[:7], r[8]], ["FILE-GROUP-OPEN"]),
    ("no batch trailer and no file trailer", lambda r: r[:7], ["FILE-TRAILER-MISSING", "FILE-GROUP-OPEN"]),
    ("a batch trailer twice", lambda r: [*r[:5], r[4], *r[5:]], ["FILE-GROUP-CLOSED"]),
    ("a batch trailer first", lambda r: [r[0], *r[4:]], ["FILE-GROUP-CLOSED"]),
    ("no file header", lambda r: r[1:], ["FILE-HEADER-MISSING"]),
    ("no file trailer", lambda r: r[:8], ["FILE-TRAILER-MISSING"]),
    ("two files in one", lambda r: [*r, *r], ["FILE-AFTER-TRAILER"]),
    ("a letter in a count", lambda r: [*r[:4], over(r[4], 31, b"0000X"), *r[5:]], ["FILE-GROUP"]),
    ("no control number", lambda r: [r[0], over(r[1], 4, b" " * 22), *r[2:]], ["FILE-GROUP"]),
    ("no such day in the header", lambda r: [over(r[0], 49, b"20250230"), *r[1:]], ["FILE-HEADER"]),
    ("the header of an answer", lambda r: [over(r[0], 1, b"FHA"), *r[1:]], ["FILE-HEADER-MISSING"]),
    ("a short batch header", lambda r: [r[0], r[1][:2000] + b"\n", *r[2:]], ["FILE-GROUP"]),
]


@pytest.mark.parametrize(("change", "expected"), [one[1:] for one in SPOILT], ids=[one[0] for one in SPOILT])
def test_a_fault_around_the_orders_refuses_the_whole_file(change, expected):
    _, file, _ = taken("eiwo-order", b"".join(change(rows())))
    assert rules_of(file) == expected
    assert all(one.severity == "fatal" and one.record is None for one in file)
    assert all(CATALOG.rule(one.rule) for one in file)


def test_every_batch_at_fault_is_named_with_its_place():
    lines = rows()
    lines[4], lines[7] = over(lines[4], 31, b"00007"), over(lines[7], 31, b"00008")
    _, file, _ = taken("eiwo-order", b"".join(lines))
    assert [(one.field, one.start, one.length, one.line) for one in file] == [
        ("record_count", 31, 5, 5),
        ("record_count", 31, 5, 8),
    ]


def test_the_answers_may_be_counted_in_the_file_trailer_or_not():
    lines = rows("eiwo-answer")
    total = sum(line.startswith(b"ACK") for line in lines)
    for count, expected in ((b"00000", []), (b"%05d" % total, []), (b"00001", ["FILE-COUNT"])):
        assert rules_of(taken("eiwo-answer", b"".join([*lines[:-1], over(lines[-1], 31, count)]))[1]) == expected


def test_an_order_outside_a_batch_is_a_finding_of_that_order():
    lines = rows()
    lines[8] = over(lines[8], 26, b"00002")
    _, file, records = taken("eiwo-order", b"".join([*lines[:8], lines[6], lines[8]]))
    assert (rules_of(file), rules_of(records)) == ([], ["FILE-GROUP-MISSING"])


def test_an_order_for_another_employer_than_its_batch_is_a_finding_with_its_place():
    lines = rows()
    lines[3] = over(lines[3], 243, b"990000009")
    contents, file, (finding,) = taken("eiwo-order", b"".join(lines))
    assert file == []
    assert (finding.rule, finding.severity, finding.record) == ("FILE-GROUP-CONFLICT", "error", 2)
    assert (finding.field, finding.start, finding.length) == ("ein", 243, 9)
    assert contents[1].get(FEIN["eiwo-order"]) == "990000009"


def test_a_batch_of_another_state_than_the_file_is_a_finding_of_its_orders():
    lines = rows()
    lines[1] = over(lines[1], 26, b"26000")
    _, _, records = taken("eiwo-order", b"".join(lines))
    assert [(one.rule, one.record, one.path) for one in records] == [
        ("FILE-GROUP-CONFLICT", 1, "Order/AgencyLocatorID"),
        ("FILE-GROUP-CONFLICT", 2, "Order/AgencyLocatorID"),
    ]


def test_a_control_number_is_never_used_twice_and_the_same_for_every_attempt():
    def numbers(cover):
        body = FORMATS[FormatName("eiwo-order")].encode([ORDER, of_employer(ORDER, "990000003")], cover).body
        return {line[3:25] for line in body.decode().splitlines() if line[1] in "HT" and line[0] in "BF"}

    other_employer = replace(COVER, recipient=partner("acme", COVER.recipient.role, "990000001"))
    covers = [COVER, replace(COVER, number=COVER.number + 1), other_employer]
    covers.append(replace(COVER, created_at=COVER.created_at + timedelta(seconds=1)))
    each = [numbers(cover) for cover in covers]
    assert [len(one) for one in each] == [3, 3, 3, 3]
    assert len(set().union(*each)) == 12
    assert numbers(COVER) == each[0]
    assert all(number.startswith("39000") and len(number.strip()) == 22 for one in each for number in one)
    tribe = replace(COVER, sender=partner("tribe", COVER.sender.role, "90830"))
    assert all(number.startswith("90830") for number in numbers(tribe))


def test_what_the_portal_says_of_header_and_trailer_is_told():
    lines = rows("eiwo-result")
    lines[0], lines[-1] = over(lines[0], 63, b"STATE-FIPS"), over(lines[-1], 46, b"BATCH-COUNT")
    contents, (finding,), records = taken("eiwo-result", b"".join(lines))
    assert (finding.rule, finding.severity, finding.field, finding.line) == (
        "FILE-NOTED",
        "warning",
        "error_field_name",
        len(lines),
    )
    assert records == []
    assert contents[0].get("Result/FileErrorFieldName") == "STATE-FIPS"


# --- one record ------------------------------------------------------------------------------------------------------


def test_a_result_says_what_was_wrong_even_where_the_order_cannot_be_read():
    lines = rows("eiwo-result")
    lines[2] = over(over(lines[2], 10, b"2025XX99"), 243, b"BAD FEIN ")
    (content,), file, records = taken("eiwo-result", b"".join(lines))
    assert (file, records) == ([], [])
    assert content.get("Result/FirstErrorFieldName") == "EMPLOYEE-SSN"
    assert content.get("Result/SecondErrorFieldName") == "PAYEE-ADDRESS-ZIP-CODE"
    assert content.get("Result/DocumentDateText") == "2025XX99"
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [("eiwo-order", ANSWER), ("eiwo-order", RESULT), ("eiwo-answer", ORDER), ("eiwo-answer", RESULT)],
)
def test_a_file_of_one_side_takes_no_record_of_the_other(name, content):
    found = FORMATS[FormatName(name)].encode([content], COVER).findings
    assert "FILE-RECORD-UNKNOWN" in {one.rule for one in found if one.severity.blocks}


@pytest.mark.parametrize(("name", "kind"), [("eiwo-result", "income-withholding"), ("lien", "lien")])
def test_what_is_not_known_as_a_whole_is_never_written(name, kind):
    with pytest.raises(Unprocessable, match="read only"):
        FORMATS[FormatName(name)].encode([Content(Kind(kind), {})], COVER)


def test_a_mark_of_family_violence_is_never_lost_silently():
    marked = replace(ORDER, fields={**ORDER.fields, "Order/Obligee/FamilyViolenceIndicator": "Y"})
    found = FORMATS[FormatName("eiwo-order")].encode([marked], COVER).findings
    assert ("FIX-MARK-LOST", "error") in {(one.rule, one.severity) for one in found}


def test_an_amount_that_does_not_fit_is_a_finding_and_never_cut():
    wide = replace(ORDER, fields={**ORDER.fields, "Order/LumpSumPaymentAmount": "1000000000.00"})
    (finding,) = FORMATS[FormatName("eiwo-order")].encode([wide], COVER).findings
    assert (finding.rule, finding.field, finding.start, finding.length) == (
        "FIX-VALUE",
        "lump_sum_payment_amount",
        2188,
        11,
    )


def test_a_broken_rule_names_the_place_in_the_record():
    spoilt = replace(TERMINATION, fields={**TERMINATION.fields, "Order/MaximumWithholdingPercent": "50"})
    found = RULES.judge(spoilt, CANONICAL.facts(spoilt), "eiwo-order", 1, TODAY)
    assert [(one.rule, one.field, one.start, one.length) for one in found] == [
        ("IWO-TERMINATION-DAYS", "iwo_ccpa_percent_rate", 672, 2)
    ]


def test_a_total_is_not_judged_where_the_parts_are_due_in_other_periods():
    weekly = {
        "Order/CurrentChildSupport/ObligationFrequencyCode": "W",
        "Order/TotalObligation/ObligationAmount": "1.00",
    }
    mixed = replace(ORDER, fields={**ORDER.fields, **weekly})
    found = RULES.judge(mixed, CANONICAL.facts(mixed), "xml", 1, TODAY)
    assert rules_of(found) == ["IWO-FREQUENCY-UNKNOWN"]


def test_a_dump_counts_the_positions_of_an_order_from_its_own_first_byte():
    found = dump(Validator(SPOKEN, TODAY), EXAMPLES / "fixed" / "eiwo-order.txt", FormatName("eiwo-order"), 3)
    places = {title: {line.name: (line.start, line.value) for line in lines} for title, lines in found.blocks}
    assert places["eiwo-order-batch-header"]["ein"] == (31, "990000002")
    assert places["eiwo-order"]["ein"] == (243, "990000002")
    assert found.line == 7


# --- on the way ------------------------------------------------------------------------------------------------------


@cache
def directory() -> Directory:
    files = {path.name: path.read_text() for path in (EXAMPLES / "partners").glob("*.toml")}
    found = read(files, Directory((), ()), known(SPOKEN))
    return Directory(found.partners, found.agreements)


def test_an_order_reaches_the_employer_and_the_answer_the_state_each_in_its_own_file():
    partners = directory()
    for name, sender, back in (("eiwo-order", "ohio", False), ("eiwo-answer", "acme", True)):
        contents = [one for one in taken(name, example(name))[0] if one.get(FEIN[name]) == "990000001"]
        assert contents
        for content in contents:
            facts = CANONICAL.facts(content)
            (route,) = partners.route(facts, PartnerKey(sender), TODAY).routes
            assert route.partner.key == ("ohio" if back else "acme")
            assert decide(facts, route) is None
            assert route.partner.formats[content.kind] == name
        cover = replace(COVER, sender=partners.partners[PartnerKey(sender)], recipient=route.partner)
        assert taken(name, FORMATS[FormatName(name)].encode(contents, cover).body) == (contents, [], [])


def test_an_order_never_goes_to_an_agency_even_under_an_agreement():
    facts = CANONICAL.facts(ORDER)
    partners = directory()
    (route,) = partners.route(facts, PartnerKey("ohio"), TODAY).routes
    assert decide(facts, replace(route, partner=partners.partners[PartnerKey("michigan")])) == "disclosure-program"


@pytest.mark.parametrize("name", ["eiwo-order", "eiwo-answer", "eiwo-result"])
def test_each_file_is_recognised_by_its_header(name):
    assert Recogniser(SPOKEN.catalog, SPOKEN.formats).fits(example(name)[:HEAD]) == (name,)


def test_json_carries_the_same_order():
    json = FORMATS[FormatName("json")]
    for name in BATCHED:
        contents = taken(name, example(name))[0]
        assert taken("json", json.encode(contents, COVER).body)[0] == contents


# --- liens and the table ---------------------------------------------------------------------------------------------


def test_records_of_the_lien_network_without_a_layout_are_read_over():
    contents, file, records = taken("lien", example("lien"))
    assert [one.get("RecordTypeCode") for one in contents] == ["01", "10", "20"]
    assert (rules_of(file), records) == (["FILE-DRAFT"], [])


def test_an_end_of_a_group_without_a_group_refuses_to_load():
    order = CATALOG.files[FormatName("eiwo-order")]
    bare = replace(order, records=tuple(one for one in order.records if one.role is not RecordRole.GROUP))
    with pytest.raises(Misconfigured, match="eiwo-order: a group ends that never begins"):
        check(replace(CATALOG, files={**CATALOG.files, order.name: bare}))
