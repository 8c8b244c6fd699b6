"""Bank match, insurance match, federal offset and bank extracts: whole files as partners send them, and their rules."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.disclosure import Withheld
from gateway.core.errors import Misconfigured, Unprocessable
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Content,
    Endpoint,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    Role,
)
from gateway.core.routing import Directory
from gateway.core.rules import BusinessRules
from gateway.offline.recognise import Recogniser
from gateway.tools import speech
from schemas.checks import check
from tests.unit.fixed_width_samples import COVER, EXAMPLES
from tests.unit.guarding import decide
from tests.unit.money_rules import BROKEN, KEPT

CATALOG = schemas.load()
FORMATS = speech().formats
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
FIXED = EXAMPLES / "fixed"
TODAY = date(2026, 11, 1)
MONEY = {
    "fidm-inquiry": "fidm-inquiry.txt",
    "fidm-answer": "fidm-answer.txt",
    "insurance-match": "insurance-match.txt",
    "federal-offset-cases": "federal-offset-cases.txt",
    "federal-offset-cases-cp037": "federal-offset-cases-cp037.ebcdic",
    "federal-offset-collections": "federal-offset-collections.txt",
    "eft-extract": "eft-extract.txt",
    "ded-fixed80": "ded-fixed80.txt",
    "ach-ded": "../employer-payments.ach",
}
ENDS_NOT_WRITTEN = {"fidm-answer": 1, "federal-offset-cases": 1, "federal-offset-cases-cp037": 1}
"""How many records at the end of the example are read and never written."""


def example(name):
    return (FIXED / MONEY[name]).read_bytes()


def read(name, body):
    """Contents, and what was found: rules of the file, then ``record:rule``."""
    engine = FORMATS[FormatName(name)]
    reader = engine.reader()
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [engine.decode(frame, reader.heading) for frame in frames]
    told = [finding.rule for finding in reader.findings]
    told += [f"{finding.record}:{finding.rule}" for one in decoded for finding in one.findings]
    return [one.content for one in decoded], told


def judged(content, name):
    return {f.rule for f in RULES.judge(content, CANONICAL.facts(content), FormatName(name), 1, TODAY)}


def changed(name, changes):
    """The first record of an example with other values; None leaves a path out."""
    (content, *_), _ = read(name, example(name))
    fields = {**content.fields, **changes}
    return Content(content.kind, {path: value for path, value in fields.items() if value is not None})


def lines(name):
    return example(name).splitlines(keepends=True)


@pytest.mark.parametrize("name", MONEY)
def test_an_example_is_recognised_valid_and_breaks_no_rule(name):
    if "cp037" not in name:
        assert Recogniser(CATALOG, FORMATS).fits(example(name)) == (name,)
    contents, told = read(name, example(name))
    assert told == []
    assert len(contents) >= 2
    for content in contents:
        assert CANONICAL.validate(CANONICAL.write(content), 1) == ()
        assert judged(content, name) == set()


@pytest.mark.parametrize("name", sorted(set(MONEY) - {"insurance-match", "ach-ded", "fidm-inquiry"}))
def test_an_example_is_written_again_to_the_byte(name):
    contents, _ = read(name, example(name))
    encoded = FORMATS[FormatName(name)].encode(contents, COVER)
    assert encoded.findings == ()
    length = CATALOG.files[FormatName(name)].length + ("cp037" not in name)
    assert encoded.body == example(name)[: len(example(name)) - length * ENDS_NOT_WRITTEN.get(name, 0)]


@pytest.mark.parametrize("name", MONEY)
def test_an_example_goes_through_xml_and_json_unchanged(name):
    contents, _ = read(name, example(name))
    for other in ("xml", "json"):
        assert read(other, FORMATS[FormatName(other)].encode(contents, COVER).body) == (contents, [])


def test_an_inquiry_is_headed_by_the_month_of_its_making_and_counted_by_its_trailer():
    contents, _ = read("fidm-inquiry", example("fidm-inquiry"))
    rows = FORMATS[FormatName("fidm-inquiry")].encode(contents, COVER).body.splitlines()
    assert [row[:1] for row in rows] == [b"D", b"I", b"I", b"I", b"T"]
    assert (rows[0][1:7], rows[-1][1:11]) == (b"202503", b"0000000003")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows[1:], ["FILE-HEADER-MISSING"]),
        (lambda rows: rows[:-1], ["FILE-TRAILER-MISSING"]),
        (lambda rows: [*rows[:2], *rows[3:]], ["FILE-COUNT"]),
        (lambda rows: [rows[0].replace(b"202503", b"202513"), *rows[1:]], ["FILE-HEADER"]),
        (lambda rows: [rows[0], rows[1].replace(b"I", b"X", 1), *rows[2:]], ["1:FILE-RECORD-UNKNOWN"]),
        (lambda rows: [rows[0], rows[1].replace(b"SAMPLE", b"      "), *rows[2:]], ["1:FIX-REQUIRED"]),
    ],
)
def test_an_inquiry_file_with_a_fault_is_refused_or_names_the_record(change, expected):
    assert read("fidm-inquiry", b"".join(change(lines("fidm-inquiry"))))[1] == expected


def test_an_account_belongs_to_the_institution_before_it():
    institution, first, *rest = lines("fidm-answer")
    other = institution.replace(b"FICTION SAVINGS BANK", b"ANOTHER TEST BANK   ")
    contents, told = read("fidm-answer", b"".join([institution, first, other, *rest]))
    assert told == []
    assert [one.get("InstitutionName") for one in contents] == ["FICTION SAVINGS BANK", *["ANOTHER TEST BANK"] * 2]
    assert "1:FILE-GROUP-MISSING" in read("fidm-answer", first)[1]


def test_the_totals_of_an_answer_are_read_over_and_nothing_may_follow_them():
    *_, last, total = lines("fidm-answer")
    totals = example("fidm-answer").replace(total, b"T" + b"7" * 419 + b"\n")
    assert read("fidm-answer", totals)[1] == []
    assert read("fidm-answer", totals + last)[1] == ["FILE-AFTER-TRAILER"]


def test_a_balance_carries_its_sign_in_the_last_digit():
    contents, _ = read("fidm-answer", example("fidm-answer"))
    assert [one.get("MatchAccountBalance") for one in contents] == ["1250", "-35", "1250"]
    assert b"000003N" in lines("fidm-answer")[2]


def test_the_sender_of_an_answer_is_who_transmits_it_and_of_a_multistate_match_the_federal_service():
    (content, *_), _ = read("fidm-answer", example("fidm-answer"))
    facts = CANONICAL.facts(content)
    assert (facts.sender, facts.recipient, facts.case_id) == ("990000011", "39049", "SYN000000101")
    assert CANONICAL.facts(Content(content.kind, {"InstitutionTIN": "990000011"})).sender == "FPLS"


def test_an_insurance_match_is_read_as_far_as_it_is_known_and_never_written():
    first, second = lines("insurance-match")
    contents, told = read("insurance-match", first.rstrip() + b"X" * 300 + b"\n" + second)
    assert told == []
    assert [one.get("RecordTypeCode") for one in contents] == ["ID", "IM"]
    assert read("insurance-match", first[:196])[1] in (["FILE-CUT-OFF"], ["1:FIX-LENGTH"])
    with pytest.raises(Unprocessable):
        FORMATS[FormatName("insurance-match")].encode(contents, COVER)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: [rows[-1], *rows[:-1]], []),
        (lambda rows: rows[:-1], []),
        (lambda rows: [*rows, rows[-1]], ["FILE-CONTROL-REPEATED"]),
        (lambda rows: rows[1:], ["FILE-CONTROL-DOUBT", "FILE-CONTROL-DOUBT"]),
        (lambda rows: [*rows[:-1], rows[-1].replace(b"00000002500", b"00000002501")], ["FILE-CONTROL-DOUBT"]),
        (lambda rows: [*rows[:-1], rows[-1].replace(b"00000002500", b"0000000250X")], ["FILE-CONTROL"]),
    ],
)
def test_the_control_record_of_submitted_debts_may_stand_first_or_last_and_is_compared(change, expected):
    assert read("federal-offset-cases", b"".join(change(lines("federal-offset-cases"))))[1] == expected


def test_what_a_control_record_counts_wrongly_is_a_warning_because_nobody_says_what_it_counts():
    body = b"".join(lines("federal-offset-cases")[1:])
    reader = FORMATS[FormatName("federal-offset-cases")].reader()
    reader.feed(body)
    reader.finish()
    assert {(one.severity, one.note) for one in reader.findings} == {
        ("warning", "2 counted"),
        ("warning", "the records add up to another amount"),
    }


def test_submitted_debts_say_the_same_in_ebcdic():
    plain, _ = read("federal-offset-cases", example("federal-offset-cases"))
    assert read("federal-offset-cases-cp037", example("federal-offset-cases-cp037")) == (plain, [])


def test_collections_and_adjustments_are_signed_cents():
    contents, _ = read("federal-offset-collections", example("federal-offset-collections"))
    amounts = [(one.get("CollectionAmount"), one.get("AdjustmentAmount")) for one in contents]
    assert amounts == [("812.45", "0.00"), ("0.00", "-120.07")]
    assert lines("federal-offset-collections")[1][86:97] == b"0000001200P"


def test_a_debt_is_the_states_and_a_collection_the_federal_services():
    (debt, *_), _ = read("federal-offset-cases", example("federal-offset-cases"))
    (money, *_), _ = read("federal-offset-collections", example("federal-offset-collections"))
    facts = [CANONICAL.facts(one) for one in (debt, money)]
    assert [(one.sender, one.recipient) for one in facts] == [("39", "FPLS"), ("FPLS", "39")]


@pytest.mark.parametrize(("code", "name", "changes"), BROKEN)
def test_a_record_that_breaks_a_rule_is_told_so_and_nothing_else(code, name, changes):
    assert judged(changed(name, changes), name) == {code}


@pytest.mark.parametrize(("name", "changes"), KEPT)
def test_a_record_that_just_keeps_the_rules_is_told_nothing(name, changes):
    assert judged(changed(name, changes), name) == set()


@pytest.mark.parametrize("amount", ["", "x", "NaN", "1" * 400])
def test_what_is_no_amount_is_left_to_the_schema(amount):
    content = Content(Kind("federal-offset"), {"TransactionTypeCode": "A", "PastDueAmount": amount})
    assert "FOP-LEAST" not in judged(content, "xml")


def test_the_same_payment_is_told_by_the_extract_the_full_width_segment_and_the_addenda():
    told = []
    for name in ("eft-extract", "ded-fixed80", "ach-ded"):
        contents, _ = read(name, example(name))
        told.append([{p: v for p, v in one.fields.items() if p.startswith("Payment/")} for one in contents])
    assert told[0] == told[1] == told[2]


def test_an_extract_becomes_addenda_and_names_what_they_cannot_carry():
    contents, _ = read("eft-extract", example("eft-extract"))
    encoded = FORMATS[FormatName("ach-ded")].encode(contents, COVER)
    assert {one.rule for one in encoded.findings} == {"FIX-NOT-CARRIED", "ACH-BARE"}
    assert "Entry/CompanyName" in {one.path for one in encoded.findings}
    addenda = [row for row in lines("ach-ded") if row.startswith(b"7")]
    assert encoded.body == b"".join(addenda).replace(b"\r\n", b"\n")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MONEY)), st.integers(0, 10**4), st.binary(max_size=3), st.integers(1, 900))
def test_a_damaged_example_never_raises_and_is_cut_alike_in_any_pieces(name, place, damage, piece):
    body = example(name)
    at = place % len(body)
    body = body[:at] + damage + body[at + 1 :]
    reader = FORMATS[FormatName(name)].reader()
    frames = [frame for start in range(0, len(body), piece) for frame in reader.feed(body[start : start + piece])]
    frames += reader.finish()
    decoded = [FORMATS[FormatName(name)].decode(frame, reader.heading) for frame in frames]
    told = [finding.rule for finding in reader.findings]
    told += [f"{finding.record}:{finding.rule}" for one in decoded for finding in one.findings]
    assert ([one.content for one in decoded], told) == read(name, body)


def test_a_control_record_that_would_be_written_refuses_to_load():
    order = CATALOG.files[FormatName("federal-offset-cases")]
    written = replace(order, records=tuple(replace(record, read_only=False) for record in order.records))
    with pytest.raises(Misconfigured, match="a control record is read only"):
        check(replace(CATALOG, files={**CATALOG.files, order.name: written}))


def partner(key, program, *locators):
    return Partner(PartnerKey(key), key, Role.AGENCY, program, frozenset(locators), Endpoint(AdapterName.MAILBOX))


BANK, AGENCY, TANF = partner("bank", "bank", "ACH"), partner("ohio", "IV-D", "39"), partner("tanf", "IV-A", "TANF-OH")


def agreed(key, sender, recipient, mode=AgreementMode.DIRECT):
    kinds = frozenset({Kind("withholding-payment"), Kind("asset-match")})
    return Agreement(AgreementKey(key), mode, frozenset({sender.key}), recipient.key, kinds, "law", date(2026, 1, 1))


def test_a_payment_goes_to_the_state_that_its_locator_names_and_to_no_other_program():
    agreements = [agreed("a", BANK, AGENCY), agreed("b", AGENCY, TANF, AgreementMode.SUBSCRIPTION)]
    directory = Directory((BANK, AGENCY, TANF), agreements)
    (content, *_), _ = read("ach-ded", example("ach-ded"))
    facts = CANONICAL.facts(content)
    assert facts.sender in BANK.locators
    routes = directory.route(facts, BANK.key, TODAY).routes
    assert [(route.partner.key, decide(facts, route)) for route in routes] == [
        ("ohio", None),
        ("tanf", Withheld.PROGRAM),
    ]
