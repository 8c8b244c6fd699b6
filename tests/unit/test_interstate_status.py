"""Case status queries and answers, and the Interstate Case Reconciliation: what is read, written and refused."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, FormatName, Kind
from gateway.core.rules import BusinessRules
from gateway.offline.recognise import Recogniser
from gateway.sample.interstate import case_reconciliation, case_status
from gateway.sample.people import Chance
from gateway.tools import speech
from tests.unit.contents import COVER

CATALOG = schemas.load()
FORMATS = speech().formats
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 3, 4)


def made(make, number, seed=5):
    return make(Chance(Random(f"{seed}/{number}")), number)  # noqa: S311 - sample data, not secrets


def read(name, body):
    engine = FORMATS[FormatName(name)]
    reader = engine.reader()
    frames = [*reader.feed(body), *reader.finish()]
    assert list(reader.findings) == []
    return [engine.decode(frame, reader.heading) for frame in frames]


def told(content, name="xml"):
    facts = CANONICAL.facts(content)
    schema = CANONICAL.validate(CANONICAL.write(content), 1)
    return [one.rule for one in (*schema, *RULES.judge(content, facts, FormatName(name), 1, TODAY))]


def without(content, *paths):
    return Content(content.kind, {path: value for path, value in content.fields.items() if path not in paths})


def having(content, **more):
    return Content(content.kind, {**content.fields, **{path.replace("__", "/"): value for path, value in more.items()}})


# --- case status ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("name", ["xml", "json"])
def test_a_query_and_an_answer_of_each_part_keep_their_meaning_in_both_forms(name, number):
    content = made(case_status, number)
    (decoded,) = read(name, FORMATS[FormatName(name)].encode([content], COVER).body)
    assert dict(decoded.content.fields) == dict(content.fields)
    assert (list(decoded.findings), told(content)) == ([], [])


def test_an_answer_has_the_parties_of_its_query_changed_over():
    query, answer = (CANONICAL.facts(made(case_status, number)) for number in (1, 2))
    assert (query.sender, query.recipient) == (answer.recipient, answer.sender) == ("39", "26")
    assert (query.case_id, query.other_case_id) == (answer.other_case_id, answer.case_id)
    assert (query.transaction, answer.transaction) == ("CST R", "CST P")


@pytest.mark.parametrize("path", ["FamilyViolenceIndicator", "Participant[2]/FamilyViolenceIndicator"])
def test_one_protected_person_protects_the_whole_answer(path):
    answer = made(case_status, 6)
    assert not CANONICAL.facts(answer).family_violence
    marked = Content(answer.kind, {**answer.fields, path: "Y"})
    assert CANONICAL.facts(marked).family_violence
    assert not CANONICAL.facts(Content(answer.kind, {**answer.fields, path: "N"})).family_violence


@pytest.mark.parametrize(
    ("number", "gone", "more", "rules"),
    [
        (1, ["RecipientCaseID"], {}, ["CST-CASE"]),
        (2, ["SenderCaseID"], {}, ["CST-ANSWERED-CASE"]),
        (1, [], {"RequestDateRange/EndDate": "2023-12-31"}, ["CST-RANGE"]),
        (1, [], {"RequestDateRange/StartDate": "2024-12-31"}, []),
        (1, ["RequestDateRange/EndDate"], {"RequestDateRange/StartDate": "2026-03-05"}, ["CST-RANGE-FUTURE"]),
        (1, ["RequestDateRange/EndDate"], {"RequestDateRange/StartDate": "2026-03-04"}, []),
        (1, [], {"ResultCode": "found"}, ["CST-QUESTION"]),
        (1, [], {"FamilyViolenceIndicator": "Y"}, ["CST-NOTHING-FOUND"]),
        (2, [], {"DataRequestCode": "contactinformation"}, ["CST-FINANCIAL"] * 3),
        (4, [], {"DataRequestCode": "financial"}, ["CST-ACTIVITY"] * 2),
        (6, [], {"DataRequestCode": "financial"}, ["CST-PARTICIPANTS"]),
        (8, [], {"DataRequestCode": "financial"}, ["CST-CONTACT"]),
        (8, [], {"ResultCode": "disclosure-prohibited"}, ["CST-NOTHING-FOUND"] * 3),
        (2, [], {"ResultCode": "maybe"}, ["XSD-VALUE", *["CST-NOTHING-FOUND"] * 5]),
        (1, [], {"SenderLocatorID": "3"}, ["XSD-PATTERN"]),
    ],
)
def test_each_rule_has_a_record_that_breaks_it_and_one_that_just_does_not(number, gone, more, rules):
    content = without(made(case_status, number), *gone)
    assert told(Content(content.kind, {**content.fields, **more})) == rules


def test_an_answer_without_a_result_is_refused():
    assert "CST-RESULT" in told(without(made(case_status, 2), "ResultCode"))


@pytest.mark.parametrize("path", sorted((EXAMPLES / "queries").iterdir()), ids=lambda path: path.name)
def test_the_examples_are_faultless(path):
    (decoded,) = read(path.suffix[1:], path.read_bytes())
    assert told(decoded.content, path.suffix[1:]) == list(decoded.findings) == []


# --- reconciliation ---------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_an_extract_is_read_again_as_it_was_written(seed):
    contents = [made(case_reconciliation, number, seed) for number in (1, 2, 3)]
    encoded = FORMATS[FormatName("icr-extract")].encode(contents, COVER)
    assert list(encoded.findings) == []
    decoded = read("icr-extract", encoded.body)
    assert [dict(one.content.fields) for one in decoded] == [dict(one.fields) for one in contents]
    assert [told(one, "icr-extract") for one in contents] == [[], [], []]


def test_every_record_of_an_extract_has_550_bytes():
    body = (EXAMPLES / "fixed" / "icr-extract.txt").read_bytes()
    assert {len(line) for line in body.splitlines()} == {550}
    short = body.splitlines()[0][:549]
    (decoded,) = read("icr-extract", short + b"\n")
    assert [one.rule for one in decoded.findings] == ["FIX-LENGTH"]


def test_what_the_extract_has_no_place_for_is_told_and_not_dropped_in_silence():
    content = having(made(case_reconciliation, 1), FamilyViolenceIndicator="Y")
    found = FORMATS[FormatName("icr-extract")].encode([content], COVER).findings
    assert [one.path for one in found] == ["FamilyViolenceIndicator"]


def test_the_results_are_read_as_far_as_they_are_known_and_never_written():
    decoded = read("icr-results", (EXAMPLES / "fixed" / "icr-results.txt").read_bytes())
    assert [one.content.get("RegistrySuppliedCode") for one in decoded] == [None, "Y"]
    assert [one.findings for one in decoded] == [(), ()]
    with pytest.raises(Unprocessable):
        FORMATS[FormatName("icr-results")].encode([decoded[0].content], COVER)


@pytest.mark.parametrize("name", ["icr-extract", "icr-results"])
def test_an_extract_and_its_results_are_told_apart_by_their_content(name):
    head = (EXAMPLES / "fixed" / f"{name}.txt").read_bytes()
    assert Recogniser(CATALOG, FORMATS).fits(head) == (name,)


@pytest.mark.parametrize(
    ("gone", "more", "rules"),
    [
        ([], {"ParticipantTypeCode": "XX"}, ["ICR-CODE"]),
        (["OtherLocatorID"], {}, ["ICR-OTHER-STATE"]),
        ([], {"OtherLocatorID": "261"}, ["ICR-OTHER-STATE-FORM"]),
        ([], {"OtherLocatorID": "26"}, []),
        (["PersonSSNIdentification"], {}, []),
        (["PersonSSNIdentification", "PersonName/PersonGivenName", "PersonName/PersonSurName"], {}, ["ICR-PERSON"]),
        ([], {"PersonBirthDate": "2026-03-04"}, ["ICR-BIRTH-FUTURE"]),
        ([], {"PersonBirthDate": "2026-03-03"}, []),
        ([], {"ReconciliationReasonCode[1]": "10"}, []),
        ([], {"ReconciliationReasonCode[1]": "11"}, ["XSD-PATTERN"]),
    ],
)
def test_each_reconciliation_rule_has_its_record(gone, more, rules):
    content = without(made(case_reconciliation, 1), *gone)
    assert told(Content(content.kind, {**content.fields, **more})) == rules


def test_the_reason_codes_of_the_schema_are_those_of_the_list():
    codes = CATALOG.codes["icr-reason"].codes
    content = made(case_reconciliation, 1)
    assert sorted(codes) == [f"{number:02d}" for number in range(11)]
    for code in codes:
        assert told(Content(Kind("case-reconciliation"), {**content.fields, "ReconciliationReasonCode[1]": code})) == []
