"""Cash assistance: the report with lines of several lengths, and what the two programs tell each other."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.disclosure import Withheld
from gateway.core.errors import Misconfigured
from gateway.core.model import Content, FormatName, Kind
from gateway.core.rules import BusinessRules
from schemas.checks import check
from tests.unit.assistance_rules import ASKED, CLAIMED, COLLECTED, DECIDED
from tests.unit.fixed_width_samples import COVER, EXAMPLES
from tests.unit.guarding import decide, to
from tests.unit.test_files_whole import CANONICAL, CATALOG, FORMATS, contents, read
from transforms.paths import check_paths

REPORT = FORMATS[FormatName("tanf-report")]
RULES = BusinessRules(CATALOG)
TODAY = date(2025, 4, 1)
EXAMPLE = (EXAMPLES / "fixed" / "tanf-report.txt").read_bytes()
LINES = EXAMPLE.splitlines(keepends=True)


def broken(content, name="json"):
    found = RULES.judge(content, CANONICAL.facts(content), FormatName(name), 1, TODAY)
    return {finding.rule: finding.path for finding in found}


def referral(changes):
    fields = {**ASKED.fields, **changes}
    return Content(ASKED.kind, {path: value for path, value in fields.items() if value is not None})


def test_every_record_of_the_report_is_written_at_its_own_length_and_read_again():
    made = contents("tanf-report")
    encoded = REPORT.encode(made, COVER)
    assert encoded.findings == ()
    lengths = [len(line) for line in encoded.body.decode().split("\n")]
    assert lengths == [23, 156, 156, 156, 71, 71, 379, 247, 23, 0]
    assert encoded.body.endswith(b"TRAILER0000007         \n")
    decoded, told, _ = read("tanf-report", encoded.body)
    assert told == []
    assert [dict(one.content.fields) for one in decoded] == [dict(content.fields) for content in made]


def test_blanks_that_a_sender_leaves_out_at_the_end_change_nothing():
    full = b"".join(line.rstrip(b"\n").ljust(156) + b"\n" if line[:1] == b"T" else line for line in LINES[:-1])
    decoded, told, _ = read("tanf-report", EXAMPLE)
    assert (told, len(decoded)) == ([], 5)
    assert read("tanf-report", full + LINES[-1].ljust(30))[0] == decoded
    assert read("tanf-report", EXAMPLE.rstrip(b"\n"))[0] == decoded


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
def test_any_line_end_gives_the_same_report(end):
    assert read("tanf-report", EXAMPLE.replace(b"\n", end))[:2] == read("tanf-report", EXAMPLE)[:2]


@pytest.mark.parametrize(
    ("number", "change", "expected"),
    [
        (1, lambda line: line[:116] + b"\n", "1:FIX-LENGTH"),
        (1, lambda line: line[:-1].ljust(156) + b"X\n", "1:FIX-LENGTH"),
        (2, lambda line: line[:-2] + b"\n", "2:FIX-LENGTH"),
        (3, lambda line: line[:59] + b"\n", "3:FIX-LENGTH"),
        (3, lambda line: line.replace(b"T3202502", b"T3202513"), "3:FIX-PERIOD"),
        (3, lambda line: b"T8" + line[2:], "3:FILE-RECORD-UNKNOWN"),
        (0, lambda line: line[:22] + b"\n", "file:FILE-HEADER"),
        (6, lambda line: line.replace(b"0000005", b"0000007"), "file:FILE-COUNT"),
        (6, lambda line: line[:10], "file:FILE-TRAILER"),
        (6, lambda _line: b"", "file:FILE-TRAILER-MISSING"),
    ],
)
def test_a_line_at_fault_is_named_and_only_a_fault_around_the_records_refuses_the_report(number, change, expected):
    lines = [change(line) if at == number else line for at, line in enumerate(LINES)]
    decoded, told, reader = read("tanf-report", b"".join(lines))
    assert told == [expected]
    assert all(finding.severity == "fatal" for finding in reader.findings)
    assert len(decoded) == (0 if expected == "file:FILE-HEADER" else 5)


def test_the_second_child_of_a_record_is_whole_or_not_there():
    whole, _, _ = read("tanf-report", EXAMPLE)
    two, one = whole[2].content, whole[4].content
    assert two.get("Child[2]/PersonBirthDate") == "2019-12-30"
    assert not any(path.startswith("Child[2]") for path in one.fields)
    fields = {path: value for path, value in two.fields.items() if path != "Child[2]/PersonSSNIdentification"}
    assert broken(Content(two.kind, fields), "tanf-report") == {"TANF-CHILD": "Child[2]/PersonSSNIdentification"}


def test_the_third_month_and_the_tenth_stratum_have_places_of_their_own():
    totals, strata = contents("tanf-report")[5:]
    text = REPORT.encode([Content(totals.kind, {**totals.fields, "MonthTotal[3]/ClosedCaseQuantity": "4711"})], COVER)
    assert text.body.decode().split("\n")[1][371:379] == "00004711"
    text = REPORT.encode(
        [Content(strata.kind, {**strata.fields, "StratumTotal[10]/ThirdMonthFamilyQuantity": "4711"})], COVER
    )
    assert text.body.decode().split("\n")[1][240:247] == "0004711"


def test_an_amount_that_is_too_wide_is_a_finding_and_never_cut():
    family = contents("tanf-report")[0]
    encoded = REPORT.encode([Content(family.kind, {**family.fields, "Family/CashAmount": "12345"})], COVER)
    assert [(one.field, one.start, one.length) for one in encoded.findings] == [("cash_amount", 56, 4)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Adult/ChildSupportCooperationCode", "9"),
        ("Adult/EducationLevelCode", "16"),
        ("Adult/EducationLevelCode", "98"),
        ("Adult/WorkParticipationStatusCode", "18"),
        ("Adult/WorkEligibleCode", "12"),
        ("ClosedFamily/ClosureReasonCode", "99"),
        ("Child[2]/FamilyAffiliationCode", "4"),
        ("Family/TimeLimitExemptionCode", "09"),
        ("Family/StratumCode", "99"),
    ],
)
def test_the_last_code_of_a_range_is_one(path, value):
    content = Content(Kind("assistance-report"), {"CaseID": "SYN1", path: value})
    assert {rule for rule in broken(content, "tanf-report") if rule != "TANF-CHILD"} == set()


def test_the_state_or_tribe_of_the_header_is_the_sender_and_the_federal_office_gets_the_report():
    family = contents("tanf-report")[0]
    state = {**family.fields, "Transmission/StateCode": "39"}
    state.pop("Transmission/TribeCode", None)
    facts = CANONICAL.facts(Content(family.kind, state))
    assert (facts.sender, facts.recipient, facts.case_id) == ("TANF-39", "OFA", family.get("CaseID"))
    assert decide(facts, to("OFA")) is None
    assert decide(facts, to("IV-D")) is Withheld.PROGRAM


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(EXAMPLE) - 1), st.binary(max_size=3), st.integers(1, 200))
def test_a_damaged_report_is_read_without_an_exception_in_pieces_of_any_size(place, damage, piece):
    body = EXAMPLE[:place] + damage + EXAMPLE[place + 1 :]
    assert read("tanf-report", body)[:2] == read("tanf-report", body, piece)[:2]


def with_file(**changes):
    orders = {**CATALOG.files, REPORT.name: replace(CATALOG.files[REPORT.name], **changes)}
    return replace(CATALOG, files=orders)


def test_what_every_record_says_must_be_in_the_schema():
    check_paths(with_file(given={"Transmission/StateCode": "39"}))
    with pytest.raises(Misconfigured, match="tanf-report: kind assistance-report has no element Transmission/Nowhere"):
        check_paths(with_file(given={"Transmission/Nowhere": "39"}))


def test_a_shortest_line_that_no_line_can_have_is_refused_at_start():
    records = CATALOG.files[REPORT.name].records
    with pytest.raises(Misconfigured, match="tanf-family: no line of it is 157 bytes long"):
        check(with_file(records=(records[0], replace(records[1], shortest=157), *records[2:])))
    with pytest.raises(Misconfigured, match="tanf-header is 23 bytes long, not 379"):
        check(with_file(by_line=False))


# --- referral, cooperation, good cause -------------------------------------------------------------------------------


def test_the_referral_of_the_examples_is_valid_and_goes_to_either_program_only():
    content = referral({})
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()
    assert broken(content) == {}
    facts = CANONICAL.facts(content)
    assert (facts.sender, facts.recipient) == ("TANF-OH", "39")
    assert [decide(facts, to(program)) for program in ("IV-D", "IV-A")] == [None, None]
    assert decide(facts, to("XIX")) is Withheld.PROGRAM


@pytest.mark.parametrize("who", ["", "Applicant/", "Child[1]/", "AbsentParent/"])
def test_a_family_in_danger_is_known_to_the_child_support_agency_alone(who):
    facts = CANONICAL.facts(referral({f"{who}FamilyViolenceIndicator": "Y"}))
    assert facts.family_violence
    assert decide(facts, to("IV-D")) is None
    assert decide(facts, to("IV-A")) is Withheld.FAMILY_VIOLENCE


@pytest.mark.parametrize(
    "changes",
    [
        {"IVACaseID": None, "IVDCaseID": "SYN1"},
        {"Child[1]/PersonName/PersonSurName": None},
        {"AssignmentOfRightsDate": "2025-04-01"},
        {"MessageType": "COOPERATION", **DECIDED},
        {
            **DECIDED,
            "Cooperation/CooperationDetermination": "NotCooperating",
            "Cooperation/NonCooperationDate": "2025-03-01",
        },
        {"MessageType": "COLLECTION", **COLLECTED},
        CLAIMED,
    ],
)
def test_a_message_that_just_says_enough_keeps_the_rules(changes):
    content = referral(changes)
    assert broken(content) == {}
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()


def test_a_decision_that_the_law_does_not_know_is_refused():
    content = referral({"Cooperation/CooperationDetermination": "MAYBE"})
    assert [one.path for one in CANONICAL.validate(CANONICAL.write(content), 1)] == [
        "Cooperation/CooperationDetermination"
    ]
