"""Error return records and rejections: what goes back to the sender of a transaction that is not taken."""

from datetime import date

import pytest

from gateway.core.errors import Unprocessable
from gateway.core.model import FormatName, Severity
from gateway.core.rules import BusinessRules
from gateway.tools import speech
from tests.unit.csenet_cases import built, judged, without
from tests.unit.fixed_width_samples import CATALOG, COVER
from transforms import formats
from transforms.csenet_answers import Stamp, rejection
from transforms.csenet_errors import OFFICIAL_EDITS, OWN_EDITS, ErrorReturns

ERRORS = formats(CATALOG)[FormatName("csenet-errors")]
CSENET = formats(CATALOG)[FormatName("csenet")]
OUTGOING = formats(CATALOG)[FormatName("csenet-out")]
CANONICAL = speech().canonical
RETURNS = ErrorReturns(CATALOG)
STAMP = Stamp("000000000099", date(2025, 3, 7))


def report(contents) -> list[str]:
    """The records of an error report, each 145 characters."""
    encoded = ERRORS.encode(contents, COVER)
    assert encoded.findings == ()
    records = encoded.body.decode().split("\r")
    assert records.pop() == ""
    assert {len(record) for record in records} == {145}
    return records


def written(content) -> bytes:
    """The transaction as its sender posts it, with all its faults."""
    return OUTGOING.encode([content], COVER).body


def faulty():
    content = without(built(CATALOG, "ENF R ERARR"), "Order[1]/ArrearsPaymentAmount")
    return without(content, "Order[1]/OrderID")


def test_each_finding_becomes_one_record_of_145_bytes():
    content = faulty()
    records = report(RETURNS.of_bytes(written(content), judged(content), first=41))
    assert [record[:6] for record in records] == [f"{n:06d}" for n in range(41, 41 + len(records))]
    head = "3904900 2616300 OH7000000203    MI9000000417    R ENF ERARR 20250305 20250306"
    assert {record[7:84] for record in records} == {head}
    assert {record[90:103] for record in records} == {"000000000007 "}
    told = {record[85:89]: record[103:].rstrip() for record in records}
    own = next(number for number, rule in CATALOG.codes[OWN_EDITS].codes.items() if rule == "CSE-REQUIRED")
    assert told[own] == "CSE-REQUIRED Order-ID"
    assert told["E436"].startswith("CSE-ARREARS-PAYMENT")


def test_the_records_are_read_again():
    content = faulty()
    made = RETURNS.of_bytes(written(content), judged(content))
    body = ERRORS.encode(made, COVER).body
    reader = ERRORS.reader()
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [ERRORS.decode(frame, reader.heading) for frame in frames]
    assert [one.content for one in decoded] == list(made)
    assert all(one.findings == () for one in decoded)
    assert all(CANONICAL.validate(CANONICAL.write(one), 1) == () for one in made)


def test_notices_make_no_record():
    content = without(built(CATALOG, "LO1 R"), "NoncustodialParent/PersonBirthDate")
    assert [finding.severity for finding in judged(content)] == [Severity.NOTICE]
    assert RETURNS.of_bytes(written(content), judged(content)) == ()


def test_a_transaction_that_cannot_be_read_is_named_by_what_its_header_shows():
    body = CSENET.encode([built(CATALOG, "LO1 R")], COVER).body[:300]
    outgoing = OUTGOING.encode([built(CATALOG, "LO1 R")], COVER).body[:300]
    assert body != outgoing
    reader = CSENET.reader()
    (frame,) = [*reader.feed(outgoing), *reader.finish()]
    decoded = CSENET.decode(frame, reader.heading)
    assert decoded.content is None
    (record,) = report(RETURNS.of_bytes(frame.body, decoded.findings))
    assert record[7:22] == "3904900 2616300"
    assert record[90:].rstrip() == "000000000007 CSE-LENGTH"


def test_a_stub_without_any_header_still_makes_a_record():
    reader = CSENET.reader()
    (frame,) = [*reader.feed(b"39049"), *reader.finish()]
    (record,) = report(RETURNS.of_bytes(frame.body, CSENET.decode(frame, reader.heading).findings))
    assert record[7:22] == "3904900 0000000"
    assert record[90:102] == "0" * 12


def test_every_rule_about_a_transaction_has_a_number_and_no_two_share_one():
    own = list(CATALOG.codes[OWN_EDITS].codes.values())
    assert len(own) == len(set(own))
    about = {rule.code for rule in CATALOG.rules.values() if rule.code.startswith("CSE-")}
    told = {code for code in about if CATALOG.rules[code].severity is not Severity.NOTICE}
    assert told <= set(own)
    assert set(CATALOG.codes[OFFICIAL_EDITS].codes.values()) <= set(CATALOG.rules)


def test_no_number_of_our_own_looks_like_an_official_one():
    assert all(number.startswith("G") and len(number) == 4 for number in CATALOG.codes[OWN_EDITS].codes)
    assert set(CATALOG.codes[OFFICIAL_EDITS].codes) == {"E436"}


def test_the_code_of_every_rule_fits_into_the_text():
    assert max(len(code) for code in CATALOG.codes[OWN_EDITS].codes.values()) <= 42


def test_a_rejection_names_the_transaction_whose_case_is_unknown():
    content = built(CATALOG, "ENF R ERALL")
    answer = rejection(content, STAMP)
    facts = CANONICAL.facts(answer)
    assert (facts.transaction, facts.sender, facts.recipient) == ("MSC P REJCT", "26163", "39049")
    assert answer.get("Information/InformationLine1Text") == "000000000007RENF20250306ERALL"
    assert (facts.case_id, facts.other_case_id) == ("MI9000000417", "OH7000000203")
    assert BusinessRules(CATALOG).judge(answer, facts, FormatName("csenet"), 1, date(2025, 4, 1)) == ()
    assert CANONICAL.validate(CANONICAL.write(answer), 1) == ()


def test_a_transaction_without_a_reason_is_rejected_without_one():
    line = rejection(built(CATALOG, "PAT R"), STAMP).get("Information/InformationLine1Text")
    assert line == "000000000007RPAT20250306"


def test_a_transaction_that_names_no_case_of_ours_cannot_be_rejected_for_it():
    with pytest.raises(Unprocessable):
        rejection(without(built(CATALOG, "PAT R"), "Header/RecipientCaseID"), STAMP)
