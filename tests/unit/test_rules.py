"""The business rules as data: every rule fires on the record that breaks it, and on nothing that keeps it."""

import csv
import pickle
from dataclasses import replace
from datetime import date

import pytest

from gateway.core.checks import CHECKS, FORMAT_CHECK
from gateway.core.model import Content, Finding, Severity
from gateway.core.precedents import REMEMBERED
from gateway.core.rules import BusinessRules, told
from gateway.core.settled import SETTLED
from gateway.tools import speech
from tests.unit import interstate_rules
from tests.unit.agency_rules import BASES as AGENCY_BASES
from tests.unit.agency_rules import BROKEN as AGENCIES
from tests.unit.assistance_rules import BASES as ASSISTANCE_BASES
from tests.unit.assistance_rules import BROKEN as ASSISTANCE
from tests.unit.csenet_cases import built
from tests.unit.csenet_rules import BROKEN as CSENET
from tests.unit.fixed_width_samples import CATALOG, EXAMPLES, VECTORS
from tests.unit.locate_rules import BASES as LOCATE_BASES
from tests.unit.locate_rules import BROKEN as LOCATES
from tests.unit.medical_rules import BASES as MEDICAL_BASES
from tests.unit.medical_rules import BROKEN as MEDICAL
from tests.unit.money_rules import BROKEN as MONEY
from tests.unit.verification_rules import BASES as VERIFICATION_BASES
from tests.unit.verification_rules import BROKEN as VERIFICATIONS
from tests.unit.vital_rules import BASES as VITAL_BASES
from tests.unit.vital_rules import BROKEN as VITAL
from tests.unit.withholding_cases import BASES
from tests.unit.withholding_cases import BROKEN as WITHHOLDING
from transforms.csenet import CsenetFormat
from transforms.w4 import W4Format

TODAY = date(2025, 4, 1)
RULES = BusinessRules(CATALOG)
CANONICAL = speech().canonical


def records(name: str, format_) -> list[Content]:
    reader = format_.reader()
    frames = reader.feed((EXAMPLES / name).read_bytes()) + reader.finish()
    return [format_.decode(frame, reader.heading).content for frame in frames]


TRANSACTIONS = {
    CANONICAL.facts(content).transaction: content
    for content in records("ohio-to-michigan.csenet", CsenetFormat(CATALOG))
} | MEDICAL_BASES


def base(transaction: str | None) -> Content:
    """A valid record: a hire, one of a registrar, a transaction of the example, or one built from the tables."""
    if transaction is None:
        return HIRE
    for some in (TRANSACTIONS, BASES, VITAL_BASES, ASSISTANCE_BASES, AGENCY_BASES, LOCATE_BASES, VERIFICATION_BASES):
        if transaction in some:
            return some[transaction]
    if transaction.startswith(("CST", "ICR")):
        return interstate_rules.record(transaction)
    return built(CATALOG, transaction)


HIRE = records("ohio-new-hires.w4", W4Format(CATALOG))[0]

PAYEE = {"Header/Function": "MSC", "Header/Action": "R", "Header/Reason": "GRPAY"}
NEW_ID = {"Header/Function": "MSC", "Header/Action": "P", "Header/Reason": "GSCAS"}
ADDRESS_1 = "Employee/EmployeeAddress/AddressLine1Text"

BROKEN = [
    ("CSE-TRIPLE-UNKNOWN", "ENF R ERARR", {"Header/Reason": "ERXXX"}),
    ("CSE-TRIPLE-NOT-CORE", "MSC P GSPUD", {"Header/Reason": "GSSTA"}),
    ("CSE-SERIAL", "LO1 R", {"Header/TransactionSerialNumber": "0" * 12}),
    ("CSE-DATE-FUTURE", "LO1 R", {"Header/TransactionDate": "2025-04-02"}),
    ("CSE-CODE", "LO1 R", {"Case/CaseStatusCode": "Z"}),
    ("CSE-CODE", "ENF R ERALL", {"Participant[2]/RelationshipCode": "Z"}),
    ("CSE-CASE-ID-SENDER", "LO1 R", {"Header/SenderCaseID": None}),
    ("CSE-CASE-ID-OTHER", "LO1 P LSADR", {"Header/RecipientCaseID": None}),
    ("CSE-CASE-ID-OTHER", "CSI R FRINF", {"Header/RecipientCaseID": None}),
    ("CSE-CASE-ID-FORM", "LO1 R", {"Header/SenderCaseID": " 123"}),
    ("CSE-CASE-ID-FORM", "LO1 R", {"Header/SenderCaseID": "0000"}),
    ("CSE-CASE-ID-FORM", "LO1 R", {"Header/SenderCaseID": "0 0"}),
    ("CSE-CASE-ID-FORM", "LO1 R", {"Header/SenderCaseID": "12*4"}),
    ("CSE-CASE-ID-FORM", "LO1 R", {"Header/SenderCaseID": "12\\4"}),
    ("CSE-REASON-REQUIRED", "CSI R FRINF", {"Header/Reason": None}),
    ("CSE-BLOCK-CASE", "LO1 R", {"Case": None}),
    ("CSE-BLOCK-CASE", "MSC R GRPAY", {"Case": None}),
    ("CSE-BLOCK-NCP-ID", "LO1 R", {"NoncustodialParent": None}),
    ("CSE-BLOCK-NCP-ID-PAYEE-TAX", "COL P CITAX", {"NoncustodialParent": None, "Header/Reason": "CISUB"}),
    ("CSE-BLOCK-NCP-LOCATE", "LO1 P LSADR", {"LocateInformation": None}),
    ("CSE-BLOCK-PARTICIPANTS", "PAT R", {"Participant[2]": None}),
    ("CSE-BLOCK-PARTICIPANT-STATUS", "CSI P FSINF", {"Participant[1]": None}),
    ("CSE-BLOCK-ORDER", "ENF R ERARR", {"Order[1]": None}),
    ("CSE-BLOCK-COLLECTION", "COL P CITAX", {"Collection[1]": None}),
    ("CSE-BLOCK-INFORMATION", "MSC P GSPUD", {"Information": None, "Header/Reason": "GSTAI"}),
    ("CSE-ATTACHMENTS-LISTED", "LO1 R", {"Header/AttachmentsIndicator": "Y"}),
    ("CSE-PAYEE-PARTICIPANTS", "ENF R ERARR", {**PAYEE, "Participant[2]/RelationshipCode": "S"}),
    ("CSE-REQUIRED", "LO1 R", {"NoncustodialParent/PersonName/PersonSurName": None}),
    ("CSE-REQUIRED", "ENF R ERALL", {"Order[2]/OrderID": None}),
    ("CSE-ORDER-LOCATOR", "ENF R ERARR", {"Order[1]/IssuingLocator/LocatorCountyCode": None}),
    ("CSE-ORDER-FILED", "ENF R ERARR", {"Order[1]/OrderFilingDate": None}),
    ("CSE-STATUS-CHANGE", "MSC P GSPUD", {"Information/StatusChangeCode": None}),
    ("CSE-NEW-CASE-ID", "MSC P GSPUD", NEW_ID),
    ("CSE-COLLECTION", "COL P CITAX", {"Collection[1]/PaymentAmount": None}),
    ("CSE-COLLECTION-ORDER", "COL P CITAX", {"Collection[1]/PostingDate": "2025-02-13"}),
    ("CSE-BIRTH-FUTURE", "LO1 R", {"NoncustodialParent/PersonBirthDate": "2025-04-01"}),
    ("CSE-HEIGHT", "LO1 R", {"NoncustodialParent/PersonHeightInches": None}),
    ("CSE-WAGE", "ENF R ERALL", {"LocateInformation/Employer/WageYear": None}),
    ("CSE-WAGE-2", "ENF R ERALL", {"LocateInformation/SecondEmployer/WageYear": "2024"}),
    ("CSE-WAGE-3", "ENF R ERALL", {"LocateInformation/ThirdEmployer/WageQuarter": "1"}),
    *CSENET,
    *WITHHOLDING,
    *MEDICAL,
    *interstate_rules.BROKEN,
    ("NH-SSN", None, {"Employee/PersonSSNIdentification": None}),
    ("NH-SSN-DIGITS", None, {"Employee/PersonSSNIdentification": "900-10-1234"}),
    ("NH-NAME", None, {"Employee/PersonName": None}),
    ("NH-HIRE-DATE", None, {"HireDate": None}),
    ("NH-HIRE-DATE-FUTURE", None, {"HireDate": "2025-04-02"}),
    ("NH-BIRTH-FUTURE", None, {"Employee/PersonBirthDate": "2025-04-01"}),
    ("NH-FEIN", None, {"Employer/EmployerFEINID": None}),
    ("NH-FEIN-DIGITS", None, {"Employer/EmployerFEINID": "99-0000001"}),
    ("NH-ZIP4", None, {"Employer/EmployerAddress/AddressPostalExtensionCode": "12"}),
    ("NH-EMPLOYER-NAME", None, {"Employer/EmployerName": None}),
    ("NH-ADDRESS", None, {ADDRESS_1: None}),
    ("NH-ADDRESS-EMPLOYER", None, {"Employer/EmployerAddress": None, "Employer/PayrollAddress": None}),
    ("NH-CODE", None, {"HireStateCode": "ZZ"}),
    ("NH-SEPARATION", None, {"PriorSeparationDate": "2025-03-31", "HireDate": "2025-03-30"}),
    ("NH-REHIRE", None, {"PriorSeparationDate": "2025-03-01", "HireDate": "2025-03-31"}),
    *VITAL,
    *ASSISTANCE,
    *AGENCIES,
    *LOCATES,
    *VERIFICATIONS,
]


def altered(content: Content, changes: dict[str, str | None]) -> Content:
    """The content with values set; None takes a path, or a whole block, away."""
    gone = tuple(path for path, value in changes.items() if value is None)
    fields = {
        path: value
        for path, value in content.fields.items()
        if not any(path == one or path.startswith(f"{one}/") for one in gone)
    }
    return replace(content, fields=fields | {path: value for path, value in changes.items() if value is not None})


def judged(content: Content, format_: str = "xml", rules: BusinessRules = RULES) -> tuple[Finding, ...]:
    return rules.judge(content, CANONICAL.facts(content), format_, 5, TODAY)


@pytest.mark.parametrize(("code", "transaction", "changes"), BROKEN)
def test_a_record_that_breaks_a_rule_is_told_so(code, transaction, changes):
    content = base(transaction)
    assert not {finding.rule for finding in judged(content)} & {code}
    assert all(finding.severity is Severity.NOTICE for finding in judged(content))
    found = [finding for finding in judged(altered(content, changes)) if finding.rule == code]
    assert found
    assert all(finding.record == 5 and finding.path for finding in found)
    values = [value for value in changes.values() if value and len(value) > 3]
    assert not any(value in repr(found) for value in values if value not in CATALOG.rules)


@pytest.mark.parametrize(("code", "transaction", "changes"), BROKEN)
def test_without_the_rule_the_same_record_passes_it(code, transaction, changes):
    content = altered(base(transaction), changes)
    rest = {name: rule for name, rule in CATALOG.rules.items() if name != code}
    found = judged(content, rules=BusinessRules(replace(CATALOG, rules=rest)))
    assert code not in {finding.rule for finding in found}


def test_every_rule_has_a_record_that_breaks_it():
    checked = {rule.code for rule in CATALOG.rules.values() if rule.check != FORMAT_CHECK}
    of_employers = {"NH-LATE", "NH-LATE-GA", "NH-LATE-MA", "NH-MULTISTATE-GA", "NH-MULTISTATE-NV", "NH-MULTISTATE-OH"}
    assert checked == {*of_employers, *(code for code, *_ in (*BROKEN, *MONEY))}


@pytest.mark.parametrize(("format_", "state"), [("newhire-csv-ga", "GA"), ("newhire-nv", "NV"), ("newhire-oh", "OH")])
def test_a_hire_in_another_state_than_that_of_the_file_is_a_notice_to_its_employer(format_, state):
    def said(code: str) -> list[str]:
        found = judged(altered(HIRE, {"HireStateCode": code}), format_)
        return [one.rule for one in found if one.rule.startswith("NH-MULTISTATE")]

    assert (said(state), said("TX")) == ([], [f"NH-MULTISTATE-{state}"])


@pytest.mark.parametrize(("day", "found"), [("2025-03-12", []), ("2025-03-11", ["NH-LATE"]), ("2025-04-01", [])])
def test_a_hire_that_an_employer_reports_after_twenty_days_is_a_notice_and_one_of_a_state_is_none(day, found):
    hire = altered(HIRE, {"HireDate": day})
    told_of = judged(hire, "newhire-oh")
    assert [(one.rule, one.path) for one in told_of if one.rule == "NH-LATE"] == [(code, "HireDate") for code in found]
    assert not any(one.severity.blocks for one in told_of)
    assert [one for one in judged(hire, "w4") if one.rule == "NH-LATE"] == []


@pytest.mark.parametrize(("format_", "code"), [("newhire-csv-ga", "NH-LATE-GA"), ("newhire-ma", "NH-LATE-MA")])
@pytest.mark.parametrize(("day", "late"), [("2025-03-16", False), ("2025-03-15", True), ("2025-01-15", True)])
def test_a_state_with_less_than_twenty_days_has_its_own_deadline_and_says_it_alone(format_, code, day, late):
    found = [one.rule for one in judged(altered(HIRE, {"HireDate": day}), format_) if one.rule.startswith("NH-LATE")]
    assert found == ([code] if late else [])


@pytest.mark.parametrize(
    ("separated", "found"),
    [
        ("2025-01-01", []),
        ("2025-01-02", ["NH-REHIRE"]),
        ("2025-03-03", ["NH-REHIRE"]),
        ("2025-03-04", ["NH-SEPARATION"]),
        ("2025-02-30", []),
    ],
)
def test_whoever_comes_back_within_sixty_days_is_no_new_hire(separated, found):
    hire = altered(HIRE, {"HireDate": "2025-03-02" if separated < "2025-03" else "2025-03-03"})
    told_of = judged(altered(hire, {"PriorSeparationDate": separated}))
    assert [one.rule for one in told_of if one.rule in ("NH-REHIRE", "NH-SEPARATION")] == found
    assert [one.path for one in told_of if one.rule in found] == ["HireDate"] * len(found)


def test_every_check_is_used_by_a_rule():
    assert set(CHECKS) == {rule.check for rule in CATALOG.rules.values()} - {FORMAT_CHECK}


def core_transactions() -> list[dict[str, str]]:
    return list(csv.DictReader((VECTORS / "csenet" / "core-blocks.csv").read_text().splitlines()))


@pytest.mark.parametrize(
    "row", core_transactions(), ids=lambda row: f"{row['function']}-{row['action']}-{row['reason']}"
)
def test_no_core_transaction_contradicts_the_block_rules(row):
    header = {"Function": row["function"], "Action": row["action"], "Reason": row["reason"]}
    fields = {f"Header/{name}": value for name, value in header.items() if value}
    for block in ("Case", "NoncustodialParent", "LocateInformation", "Information"):
        fields |= {f"{block}/BlankIndicator": "Y"} if row[block] == "1" else {}
    for block in ("Participant", "Order", "Collection"):
        fields |= {f"{block}[{n}]/BlankIndicator": "Y" for n in (1, 2)} if row[block] == "1" else {}
    found = {finding.rule for finding in judged(Content("case-transfer", fields))}
    assert not {rule for rule in found if "BLOCK" in rule or "TRIPLE" in rule}


def test_a_finding_on_a_csenet_record_has_its_place_in_the_record():
    content = altered(TRANSACTIONS["ENF R ERALL"], {"Participant[2]/RelationshipCode": "Z"})
    (finding,) = judged(content, "csenet")
    assert (finding.field, finding.path) == ("Relationship", "Participant[2]/RelationshipCode")
    assert (finding.start, finding.length) == (127 + 351 + 181 + 1421 + 341 + 76, 1)
    assert finding.note == "not in code list relationship"


def test_a_missing_block_points_to_its_count():
    content = altered(TRANSACTIONS["ENF R ERARR"], {"Order[1]": None})
    finding = next(one for one in judged(content, "csenet") if one.rule == "CSE-BLOCK-ORDER")
    assert (finding.field, finding.start, finding.note) == ("Order-Data-Ind", 94, "expected at least 1, found 0")


def test_a_finding_on_a_hire_has_its_place_in_the_record():
    (finding,) = judged(altered(HIRE, {"Employee/PersonSSNIdentification": None}), "w4")
    assert (finding.field, finding.start, finding.length) == ("employee_ssn", 3, 9)


def test_the_replacement_of_a_transaction_outside_the_core_set_is_named():
    (finding,) = judged(altered(TRANSACTIONS["MSC P GSPUD"], {"Header/Reason": "GSSTA"}))
    assert (finding.severity, finding.note) == (Severity.WARNING, "send MSC P GSPUD")


def test_a_rule_holds_only_between_its_days():
    rule = CATALOG.rules["CSE-SERIAL"]
    content = altered(TRANSACTIONS["LO1 R"], {"Header/TransactionSerialNumber": "0" * 12})

    def fires(**days: date) -> bool:
        dated = replace(CATALOG, rules={rule.code: replace(rule, **days)})
        return bool(judged(content, rules=BusinessRules(dated)))

    assert fires(since=TODAY, until=TODAY)
    assert not fires(since=date(2025, 4, 2))
    assert not fires(until=date(2025, 3, 31))


def test_a_rule_for_one_format_is_silent_on_the_others():
    rule = replace(CATALOG.rules["CSE-SERIAL"], formats=frozenset({"csenet"}))
    rules = BusinessRules(replace(CATALOG, rules={rule.code: rule}))
    content = altered(TRANSACTIONS["LO1 R"], {"Header/TransactionSerialNumber": "0" * 12})
    assert judged(content, "csenet", rules)
    assert not judged(content, "xml", rules)


def test_transactions_that_nobody_knows_are_not_remembered():
    rules = BusinessRules(CATALOG)
    for number in range(50):
        judged(altered(TRANSACTIONS["LO1 R"], {"Header/Reason": f"X{number}"}), rules=rules)
    judged(TRANSACTIONS["LO1 R"], rules=rules)
    assert list(rules._chosen) == [("locate", "xml", "LO1 R")]


def test_a_field_that_could_not_be_read_is_not_reported_as_missing_too():
    unread = Finding("FIX-DATE", Severity.ERROR, 1, path="HireDate")
    missing = [Finding("NH-HIRE-DATE", Severity.ERROR, 1, path="HireDate"), Finding("NH-SSN", Severity.ERROR, 1)]
    assert [finding.rule for finding in told([unread], [], missing)] == [unread.rule, "NH-SSN"]


def test_a_field_that_counts_as_blank_is_missing_all_the_same():
    blank = Finding("XML-EMPTY", Severity.WARNING, 1, path="HireDate")
    missing = [Finding("NH-HIRE-DATE", Severity.ERROR, 1, path="HireDate")]
    schema = [Finding("XSD-MISSING", Severity.ERROR, 1, path="Header/Function")]
    assert told([blank], [], missing) == (blank, *missing)
    assert told([replace(blank, path="Header/Function")], schema, [])[1:] == tuple(schema)


def test_the_rules_travel_to_a_worker_process():
    again = pickle.loads(pickle.dumps(RULES))  # noqa: S301 - our own bytes
    content = altered(HIRE, {"HireDate": None})
    assert judged(content, rules=again) == judged(content)


def test_where_rule_and_schema_fault_one_place_the_rule_speaks():
    schema = [Finding("XSD-PATTERN", Severity.ERROR, 1, path="Employee/PersonSSNIdentification")]
    rule = Finding("NH-SSN-DIGITS", Severity.ERROR, 1, path="Employee/PersonSSNIdentification")
    assert told([], schema, [rule]) == (rule,)
    assert told([], schema, []) == tuple(schema)
    warning = Finding("NH-NOTE", Severity.WARNING, 1, path="Employee/PersonSSNIdentification")
    assert told([], schema, [warning]) == (*schema, warning), "a mere warning must not hide why the record is refused"


def variants(content):
    """The record with one of its values changed, for each of them."""
    for number, (path, value) in enumerate(content.fields.items()):
        other = ("?", "2069-01-01", value[::-1], "Y", "0.00")[number % 5]
        yield Content(content.kind, {**content.fields, path: other})


def forgetful():
    """Rules that use no precedent."""
    rules = BusinessRules(CATALOG)
    rules._precedents.get = lambda _shape: None
    return rules


def test_a_record_is_judged_alike_whatever_was_judged_before():
    """Each precedent is used on records that differ in one value, and each of these becomes a precedent in turn."""
    used, unused = BusinessRules(CATALOG), forgetful()
    answers = set()
    for content in (*TRANSACTIONS.values(), HIRE):
        for changes in ({}, *({path: None} for path in list(content.fields)[::15])):
            start = altered(content, changes)
            for other in (start, *variants(start)):
                answer = judged(other, rules=unused)
                assert judged(other, rules=used) == answer
                answers.add(answer if isinstance(answer, tuple) else tuple(answer))
    assert len(answers) > 50, "the variants hardly differ"


def test_broken_records_are_judged_alike_after_good_ones():
    rules, unused = BusinessRules(CATALOG), forgetful()
    for content in (*TRANSACTIONS.values(), HIRE):
        judged(content, rules=rules)
    for _code, transaction, changes in BROKEN:
        content = altered(TRANSACTIONS.get(transaction, HIRE), changes)
        assert judged(content, rules=rules) == judged(content, rules=unused)


def test_every_check_is_settled_by_values_or_asked_anew():
    assert set(SETTLED) <= set(CHECKS)


def test_what_is_remembered_of_shapes_is_bounded():
    rules = BusinessRules(CATALOG)
    for day in range(1, REMEMBERED + 100):
        rules.judge(HIRE, CANONICAL.facts(HIRE), "xml", 1, date.fromordinal(TODAY.toordinal() + day))
    assert 0 < len(rules._precedents) <= REMEMBERED
