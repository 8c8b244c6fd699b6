"""The disclosure guard, as one full table: kind, program, what the record is, family violence, nondisclosure."""

from itertools import product

import pytest

import schemas
from gateway.core.disclosure import Guard, Passage, Withheld
from gateway.core.labels import Label, label_of
from gateway.core.model import (
    Content,
    Facts,
    Kind,
)
from gateway.core.routing import passes
from tests.unit.guarding import APPROVED, POLICY, TODAY, decide, to
from transforms.facts import Summary
from transforms.schema_tree import merged, tree

CATALOG = schemas.load(drafts=True)
FEDERAL = ("registry-answer", "locate-answer", "medical-match", "asset-match", "wage")
PROGRAM_NAMES = (
    "IV-D",
    "IV-A",
    "XIX",
    "vital-records",
    "NDNH",
    "FPLS",
    "financial-institution",
    "federal-offset",
    "OFA",
    "labor",
    "motor-vehicles",
    "state-offset",
    "wildlife",
    "dividend",
    "employer",
    "",
)
MAY_RECEIVE = {
    "case-transfer": {"IV-D", "IV-A", "XIX", "vital-records"},
    "locate": {"IV-D"},
    "new-hire": {"IV-D", "NDNH"},
    "asset-inquiry": {"IV-D", "financial-institution"},
    "insurance-match": {"IV-D"},
    "federal-offset": {"IV-D", "FPLS", "federal-offset"},
    "withholding-payment": {"IV-D"},
    "registry-entry": {"FPLS"},
    "directory-control": {"IV-D"},
    "transaction-error": {"IV-D"},
    **{kind: {"IV-D"} for kind in FEDERAL},
    "parentage": {"IV-D"},
    "death-notice": {"IV-D"},
    "assistance-referral": {"IV-D", "IV-A"},
    "assistance-report": {"OFA"},
    "agency-request": {"labor", "motor-vehicles", "wildlife", "dividend", "state-offset"},
    "agency-answer": {"IV-D"},
    "court-payment": {"IV-D"},
    "medical-support": {"IV-D", "XIX"},
    "interchange-answer": {"IV-D", "XIX"},
    "case-status": {"IV-D"},
    "case-reconciliation": {"IV-D", "FPLS"},
    "office-directory": {"IV-D"},
    "credit-report": {"IV-D"},
    "something-new": set(),
}
ONCE_CONFIRMED = {"wage": {"IV-A", "IV-B", "IV-E", "XIX", "XXI", "SNAP"}, "medical-match": {"XIX"}}
"""Who may have it besides when a second source has confirmed it (45 CFR 303.21(d))."""
PLAIN = {"locate": "LO1 R", "registry-answer": "FS A", "registry-entry": "FP L", "case-status": "CST R"}
FOUND = {"locate": "LO1 P LSADR", "registry-answer": "FT P", "case-status": "CST P"}
ALWAYS_FOUND = ("medical-match", "asset-match", "insurance-match", "wage")
ECHO = [
    "RecordTypeCode",
    "MatchTypeCode",
    "ReceivingStateCode",
    "AgencyCode",
    "NameMatchedCode",
    "PersonName",
    "AdditionalName",
    "SubmittedName",
    "PersonSSNIdentification",
    "FPLSRequestIdentifier",
    "MemberID",
    "UserField",
    "LocalCode",
    "CountyCode",
    "LocateRequestTypeCode",
    "ResponseCode",
    "ResponseDate",
    "LastResponseCode",
    "SSNMatchCode",
    "ParticipantTypeCode",
    "FamilyViolenceState",
    "SortStateCode",
]
"""What of a locate answer repeats the request, or says no more than that there is an answer."""


def facts_of(kind, *, found, **marks):
    transaction = (FOUND if found else PLAIN).get(kind, PLAIN.get(kind))
    return Facts(Kind(kind), "26", "39", transaction, tags={"told": "Y"} if found else {}, **marks)


def expected(kind, program, found, violence, nondisclosure):
    """The rule in words: the program first, then what was found about a protected person."""
    if program not in MAY_RECEIVE[kind]:
        return Withheld.UNVERIFIED if program in ONCE_CONFIRMED.get(kind, ()) else Withheld.PROGRAM
    if not (violence or nondisclosure):
        return None
    tells = kind in ALWAYS_FOUND or found
    if (program == "IV-D" or kind == "registry-entry") and not tells:
        return None
    return Withheld.FAMILY_VIOLENCE if violence else Withheld.NONDISCLOSURE


ELSEWHERE = {"income-withholding", "employer-directory", "lien"}
"""Kinds whose table is in test_withholding_disclosure."""

TABLE = list(product(MAY_RECEIVE, PROGRAM_NAMES, (False, True), (False, True), (False, True)))


def test_the_guard_decides_as_the_table_says():
    wrong = []
    for kind, program, found, violence, nondisclosure in TABLE:
        facts = facts_of(kind, found=found, family_violence=violence, nondisclosure=nondisclosure)
        if decide(facts, to(program)) != expected(kind, program, found, violence, nondisclosure):
            wrong.append((kind, program, found, violence, nondisclosure))
    assert wrong == []


def test_the_table_knows_every_kind_that_may_leave_at_all():
    assert {str(kind): set(programs.programs) for kind, programs in POLICY.kinds.items() if kind not in ELSEWHERE} == {
        kind: programs for kind, programs in MAY_RECEIVE.items() if programs
    }
    assert POLICY.kinds.keys() >= ELSEWHERE


def test_a_kind_that_the_guard_has_never_heard_of_leaves_to_nobody():
    assert decide(Facts(Kind("something-new"), "26", "39"), to("IV-D")) is Withheld.PROGRAM


def test_family_violence_is_named_before_nondisclosure():
    facts = Facts(Kind("locate"), "26", "39", "LO1 P", family_violence=True, nondisclosure=True)
    assert decide(facts, to("IV-D")) is Withheld.FAMILY_VIOLENCE


@pytest.mark.parametrize("transaction", [None, "", "LO1", "LO1 R", "LO1 A", "LO1 U"])
def test_only_an_answer_with_what_was_found_is_kept_from_a_child_support_agency(transaction):
    facts = Facts(Kind("locate"), "26", "39", transaction, family_violence=True)
    assert decide(facts, to("IV-D")) is None


def test_federal_tax_data_leave_only_under_an_agreement_that_names_them():
    taxed = Facts(Kind("locate-answer"), "FPLS", "39", "C01", tags={"federal_tax": "Y"})
    plain, named = to("IV-D", approval=APPROVED), to("IV-D", approval=APPROVED, tax=True)
    assert decide(taxed, plain) is Withheld.FEDERAL_TAX
    assert decide(taxed, named) is None
    assert not passes(plain.agreement, taxed)
    assert passes(named.agreement, taxed)
    other = Facts(Kind("locate-answer"), "FPLS", "39", "A01")
    assert passes(plain.agreement, other)
    assert not passes(named.agreement, other), "the agreement on tax data lets nothing else through"


# --- what the facts of federal answers say ---------------------------------------------------------------------------


def facts(kind, **fields):
    info = CATALOG.kinds[Kind(kind)]
    return Summary(info, CATALOG.codes).facts(Content(info.kind, {k.replace("__", "/"): v for k, v in fields.items()}))


def test_every_element_of_a_locate_answer_that_is_no_echo_of_the_request_counts_as_told():
    info = CATALOG.kinds[Kind("locate-answer")]
    summary = Summary(info, CATALOG.codes)
    leaves = tuple(tree(merged(info.xsd, CATALOG.xsds), info.root).leaves())
    told = {leaf for leaf in leaves if "told" in summary.facts(Content(info.kind, {leaf: "X"})).tags}
    echo = {leaf for leaf in leaves if leaf.partition("/")[0].partition("[")[0] in ECHO}
    assert told == set(leaves) - echo
    assert echo, "the list of echoes is of this schema"


def test_instead_of_an_answer_the_echo_of_the_request_and_the_code_are_told_and_nothing_else():
    info = CATALOG.kinds[Kind("locate-answer")]
    leaves = tuple(tree(merged(info.xsd, CATALOG.xsds), info.root).leaves())
    form = info.prohibited
    assert form.keeps < set(ECHO)
    assert not form.keeps & {"FamilyViolenceState", "NameMatchedCode", "SSNMatchCode", "ResponseCode"}
    instead = form.instead_of(Content(info.kind, dict.fromkeys(leaves, "X")))
    kept = {leaf for leaf in leaves if leaf.partition("/")[0].partition("[")[0] in form.keeps}
    assert instead.fields == dict.fromkeys(kept, "X") | {"ResponseCode": "39"}
    assert {one.partition("/")[0].partition("[")[0] for one in kept} == form.keeps, "all of them are of this schema"
    facts = Summary(info, CATALOG.codes).facts(instead)
    assert facts.nondisclosure
    assert "told" not in facts.tags


def test_an_answer_that_nothing_may_be_told_is_told_unless_it_tells_something():
    silent = facts("locate-answer", AgencyCode="A01", ReceivingStateCode="39", ResponseCode="39")
    telling = facts("locate-answer", AgencyCode="A01", ReceivingStateCode="39", ResponseCode="39", EmployerName="ACME")
    assert decide(silent, to("IV-D")) is None
    assert decide(telling, to("IV-D")) is Withheld.NONDISCLOSURE


FINDS = {"LO1": "locate", "MSC": "case-transfer"}
"""Function of a transaction that says that somebody was found -> its kind."""


@pytest.mark.parametrize("reason", ["LICAD", "LICEM", "LSADR", "LSEMP", "LSOTH", "LSOUT"])
@pytest.mark.parametrize("function", FINDS)
def test_that_a_protected_person_was_found_is_not_told_whatever_transaction_says_so(function, reason):
    """An address or an employer that was found goes as LO1 P while it was asked for, and as MSC P at any other time."""
    header = {"Header__Function": function, "Header__Action": "P", "Header__Reason": reason}
    found = {**header, "LocateInformation__EmployerName": "ACME"}
    marked = {**found, "NoncustodialParent__FamilyViolenceIndicator": "Y"}
    assert decide(facts(FINDS[function], **found), to("IV-D")) is None
    assert decide(facts(FINDS[function], **marked), to("IV-D")) is Withheld.FAMILY_VIOLENCE
    elsewhere = of_a_protected_person(facts(FINDS[function], **found))
    assert elsewhere is Withheld.PROTECTED_PERSON, "another record's notice holds in this one, too"


def of_a_protected_person(facts):
    guard = Guard(POLICY)
    held = frozenset({b"p" * 16})
    return guard.decide(Passage(guard.bearing(facts), to("IV-D"), TODAY, held=held)).withheld


def test_a_state_that_set_family_violence_stops_what_was_found():
    stopped = facts("locate-answer", **{"FamilyViolenceState[2]/StateCode": "26", "EmployerName": "ACME"})
    assert decide(stopped, to("IV-D")) is Withheld.FAMILY_VIOLENCE


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("locate-answer", "ReceivingStateCode"),
        ("medical-match", "ReceivingStateCode"),
        ("asset-match", "SortStateCode"),
        ("wage", "SubmittedStateCode"),
        ("registry-answer", "SortStateCode"),
    ],
)
def test_a_federal_answer_names_its_state_by_number_or_by_postal_code(kind, path):
    assert facts(kind, **{path: "OH"}).recipient == facts(kind, **{path: "39"}).recipient == "39"


def test_an_answer_that_names_no_state_is_addressed_to_nobody_rather_than_to_anybody():
    assert facts("registry-answer", RecordTypeCode="FS").recipient == ""
    assert facts("new-hire").recipient is None


def test_a_tax_record_is_known_by_its_agency():
    assert facts("locate-answer", AgencyCode="C01").tags["federal_tax"] == "Y"
    assert "federal_tax" not in facts("locate-answer", AgencyCode="A01").tags


@pytest.mark.claim("F01", "F07", control="test_a_debt_that_a_state_submits_is_no_tax_data")
def test_what_a_federal_offset_brought_is_tax_data_and_leaves_as_such_only(claim):
    """26 USC 6103(l)(10), 6402(c): all that a collection has and a debt has not."""
    paths = {
        layout: {field.path for field in CATALOG.layouts[layout].fields if field.path}
        for layout in ("offset-collection", "offset-case")
    }
    alone = sorted(paths["offset-collection"] - paths["offset-case"])
    for path in alone:
        taxed = facts("federal-offset", **{path.replace("/", "__"): "X"})
        assert (taxed.tags["federal_tax"], label_of(taxed)) == ("Y", Label.FEDERAL_TAX)
        assert decide(taxed, to("IV-D")) is Withheld.FEDERAL_TAX
        assert decide(taxed, to("IV-D", tax=True)) is Withheld.FEDERAL_TAX_APPROVAL
        assert decide(taxed, to("IV-D", tax=True, approval=APPROVED)) is None
        assert decide(taxed, to("FPLS", tax=True, approval=APPROVED)) is Withheld.FEDERAL_TAX_RECIPIENT
    claim.measured(f"{len(alone)} elements, each of them alone")


def test_a_debt_that_a_state_submits_is_no_tax_data():
    debt = facts("federal-offset", SubmittingStateCode="OH", PastDueAmount="700", TransactionTypeCode="A")
    assert ("federal_tax" in debt.tags, label_of(debt)) == (False, Label.RECORDS)
    for program in ("FPLS", "federal-offset", "IV-D"):
        assert decide(debt, to(program)) is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("case-transfer", {"Header__Function": "COL", "Header__Action": "P", "Header__Reason": "CITAX"}),
        ("case-transfer", {"Header__Function": "MSC", "Collection[2]__PaymentSourceCode": "I"}),
        ("locate", {"Header__Function": "LO1", "Collection[1]__PaymentSourceCode": "I"}),
    ],
)
@pytest.mark.claim("F01", "F07", control="test_what_a_state_took_otherwise_is_no_tax_data")
def test_a_collection_from_a_tax_refund_is_tax_data_between_states_too(claim, kind, fields):
    taxed = facts(kind, **fields)
    assert (taxed.tags["federal_tax"], label_of(taxed)) == ("Y", Label.FEDERAL_TAX)
    assert decide(taxed, to("IV-D")) is Withheld.FEDERAL_TAX
    assert decide(taxed, to("IV-D", tax=True)) is Withheld.FEDERAL_TAX_APPROVAL
    assert decide(taxed, to("IV-D", tax=True, approval=APPROVED)) is None
    claim.measured("by reason and by source of payment")


def test_what_a_state_took_otherwise_is_no_tax_data():
    for source in "AGSUNOW":
        taken = facts("case-transfer", Header__Function="COL", **{"Collection[1]__PaymentSourceCode": source})
        assert ("federal_tax" in taken.tags, label_of(taken)) == (False, Label.RECORDS)
        assert decide(taken, to("IV-D")) is None
    submitted = facts("case-transfer", Header__Function="COL", Header__Action="P", Header__Reason="CISUB")
    assert "federal_tax" not in submitted.tags


def test_an_acknowledgement_that_says_where_a_protected_person_lived_goes_to_nobody():
    own_words = {"RecordTypeCode": "FS", "ActionTypeCode": "A", "FamilyViolenceIndicator": "Y"}
    assert decide(facts("registry-answer", **own_words), to("IV-D")) is None
    placed = facts("registry-answer", **own_words, SSAZipLastResidence="43604")
    assert decide(placed, to("IV-D")) is Withheld.FAMILY_VIOLENCE
