"""The release matrix as it is checked in: every cell decided and sourced; and the tax matrix, row by row.

``tests/vectors/disclosure/release.csv`` was written down from the policy and read against the law. A change of the
policy that changes a cell fails here until the cell is changed there, too.
"""

import csv
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

import schemas
from gateway.core.bearing import Bearing, bearing_from
from gateway.core.disclosure import Guard, Passage, Withheld
from gateway.core.errors import Misconfigured
from gateway.core.model import Facts, Kind, Role, TaxApproval
from gateway.core.policy import Cell, Policy
from schemas.disclosure_policy import read_policy
from schemas.document import parse
from tests.unit.guarding import APPROVED, GUARD, POLICY, TODAY, decide, to

MATRIX = Path(__file__).parents[1] / "vectors" / "disclosure" / "release.csv"
LAW = ("IV-A", "IV-B", "IV-D", "IV-E", "tribal-IV-D", "XIX", "XXI", "SNAP")
"""The programs of 45 CFR 303.21(d)(1)."""
FAMILY = ("IV-A", "IV-B", "IV-D", "IV-E")
OTHERS = ("court", "private", "custody")


def cells(policy: Policy):
    return [
        Cell(label, program, purpose, requester)
        for program, purpose, requester, label in product(
            sorted(policy.programs), sorted(policy.purposes), sorted(policy.requesters), sorted(policy.labels)
        )
    ]


def written(policy: Policy):
    """Cell -> ``+`` or ``-`` and the row that decides it."""
    return {cell: "-+"[found.allowed] + found.row for cell in cells(policy) for found in [policy.release(cell)]}


def expected():
    with MATRIX.open() as file:
        return {
            Cell(label, line["program"], line["purpose"], line["requester"]): line[label]
            for line in csv.DictReader(file)
            for label in POLICY.labels
        }


def test_every_cell_of_the_matrix_is_decided_as_it_is_written_down():
    assert written(POLICY) == expected()


def test_every_cell_has_a_source():
    sources = {row.id: row.source for row in (*POLICY.releases, *POLICY.refusals)}
    assert all(sources[said[1:]] for said in expected().values())
    assert len(sources) == len(POLICY.releases) + len(POLICY.refusals)


def allowed(label, **narrowed):
    """Programs, purposes and requesters that may have a label, as far as they fit what is narrowed."""
    found = [cell for cell, said in expected().items() if cell.label == label and said[0] == "+"]
    return [cell for cell in found if all(getattr(cell, name) in values for name, values in narrowed.items())]


def test_what_institutions_told_never_leaves_the_program():
    """45 CFR 307.13(a)(4), L03."""
    assert {(cell.program, cell.requester) for cell in allowed("FIDM")} == {("IV-D", "agency")}


def test_what_a_second_source_confirmed_goes_to_the_programs_of_the_rule():
    """45 CFR 303.21(d)(1), (d)(3), L03."""
    programs = {"IV-A", "IV-B", "IV-D", "IV-E", "XIX", "XXI", "SNAP"}
    assert {cell.program for cell in allowed("VERIFIED")} == programs
    assert {cell.requester for cell in allowed("VERIFIED")} == {"agency"}
    assert {one.name for one in POLICY.labels.values() if one.verified_as} == {"FCR", "NDNH"}


AGENCY, SERVICE = to("IV-D").partner, to("FPLS").partner
CONFIRMED = {"verified_by": "EMPL", "verified_on": TODAY.isoformat()}


def confirmed(kind, program, sender=AGENCY, tags=CONFIRMED, day=TODAY, **more):
    return decide(Facts(Kind(kind), "39", "X", tags=tags, **more), to(program), day, sender=sender)


@pytest.mark.claim("L03", control="test_without_a_second_source_they_stay_with_the_program")
def test_a_confirmed_wage_leaves_to_the_programs_of_the_rule_and_account_data_to_nobody(claim):
    others = [program for program in sorted(POLICY.programs) if program not in ("IV-D", "tribal-IV-D")]
    gone = {kind: {one for one in others if confirmed(kind, one) is None} for kind in ("wage", "medical-match")}
    assert gone == {"wage": {"IV-A", "IV-B", "IV-E", "XIX", "XXI", "SNAP"}, "medical-match": {"XIX"}}
    for kind in ("asset-match", "insurance-match", "locate-answer", "registry-answer"):
        assert {confirmed(kind, one) for one in others} == {Withheld.PROGRAM}
    claim.measured(f"{len(others)} programs besides IV-D: wages to 6, coverage to 1, accounts to none")


def test_without_a_second_source_they_stay_with_the_program():
    one_day = timedelta(days=1)
    assert confirmed("wage", "XIX", tags={}) is Withheld.UNVERIFIED
    assert confirmed("wage", "XIX", tags={"verified_by": "EMPL"}) is Withheld.UNVERIFIED
    assert confirmed("wage", "XIX", sender=SERVICE) is Withheld.UNVERIFIED, "no second source for its own data"
    assert confirmed("wage", "XIX", sender=None) is Withheld.UNVERIFIED
    assert confirmed("wage", "XIX", day=TODAY - one_day) is Withheld.UNVERIFIED, "confirmed later"
    assert confirmed("wage", "employer") is Withheld.PROGRAM
    assert confirmed("wage", "IV-D", tags={}) is None


def test_a_confirmation_lifts_no_other_rule():
    assert confirmed("wage", "XIX", family_violence=True) is Withheld.FAMILY_VIOLENCE
    old = TODAY.replace(year=TODAY.year - 2) - timedelta(days=1)
    wage = Facts(Kind("wage"), "39", "X", tags=CONFIRMED)
    assert decide(wage, to("XIX"), sender=AGENCY, received_on=old) is Withheld.RETENTION
    taxed = {**CONFIRMED, "federal_tax": "Y"}
    assert confirmed("wage", "XIX", tags=taxed) is Withheld.FEDERAL_TAX
    for requester in OTHERS:
        assert decide(wage, to("XIX", requester=requester), sender=AGENCY) is Withheld.LABEL


def test_a_confirmation_survives_the_store_and_bridges_and_no_merging_with_what_has_none():
    one = GUARD.bearing(Facts(Kind("wage"), "39", "X", tags=CONFIRMED))
    assert one.verified == f"EMPL:{TODAY}"
    assert bearing_from(one.kind, one.text()) == one
    assert GUARD.crossed(one, Kind("medical-match")).verified == one.verified
    assert one.joined(replace(one, verified="")).verified == replace(one, verified="").joined(one).verified == ""


def test_national_and_registry_data_stay_with_the_programs_that_the_rule_names():
    """45 CFR 307.13(a)(4), L03."""
    for label in ("NDNH", "FCR"):
        assert {cell.program for cell in allowed(label)} == set(FAMILY)
        assert {cell.requester for cell in allowed(label)} == {"agency"}


def test_a_states_own_data_go_to_the_programs_of_the_rule_and_to_nobody_for_private_ends():
    """45 CFR 303.21(d)(1), 302.35(a)(2)(ii), L02 and Q06."""
    assert {cell.program for cell in allowed("STATE", program=LAW)} == set(LAW)
    for label in ("STATE", "IRS", "FIDM", "HEALTH", "HIRES"):
        assert not allowed(label, requester=OTHERS)


def test_only_federal_answers_go_to_courts_and_private_requesters():
    """45 CFR 302.35(c), Q04 and Q06."""
    given = {cell.label for cell, said in expected().items() if cell.requester in OTHERS and said[0] == "+"}
    assert given == {"FPLS"}


# --- mutants: a policy that is changed in one place is found out -----------------------------------------------------


def mutants(policy: Policy):
    """Every row without one of its members or as a whole, and every member changed for another."""
    for kind in ("releases", "refusals"):
        rows = getattr(policy, kind)
        for place, row in enumerate(rows):
            yield row, f"{row.id} gone", replace(policy, **{kind: rows[:place] + rows[place + 1 :]})
            for field in ("labels", "programs", "purposes", "requesters"):
                for gone in sorted(getattr(row, field)):
                    less = replace(row, **{field: getattr(row, field) - {gone} or frozenset({"nobody"})})
                    mutant = replace(policy, **{kind: (*rows[:place], less, *rows[place + 1 :])})
                    yield row, f"{row.id}: {field} without {gone}", mutant


def differs(row, mutant, wanted):
    """Whether a cell of the changed row is decided in another way than is written down; the others cannot change."""
    touched = (cell for cell in wanted if row.covers(cell))
    return any("-+"[found.allowed] + found.row != wanted[cell] for cell in touched for found in [mutant.release(cell)])


@pytest.mark.claim("A25", control="test_a_change_that_changes_no_cell_is_not_found_out")
def test_a_policy_changed_in_any_place_is_found_out(claim):
    wanted = expected()
    tried = [(name, differs(row, mutant, wanted)) for row, name, mutant in mutants(POLICY)]
    lived = [name for name, found in tried if not found]
    claim.measured(
        f"{len(wanted)} cells decided and sourced; {len(tried) - len(lived)} of {len(tried)} mutants found out"
    )
    assert len(wanted) == len(cells(POLICY))
    assert len(lived) <= len(tried) * 0.05, lived


def test_a_change_that_changes_no_cell_is_not_found_out():
    first, *rest = POLICY.releases
    same = replace(POLICY, releases=(*rest, replace(first, programs=first.programs | {"nobody"})))
    assert {cell: said[0] for cell, said in written(same).items()} == {c: said[0] for c, said in expected().items()}


# --- federal tax information -----------------------------------------------------------------------------------------

TAXED = Facts(Kind("locate-answer"), "FPLS", "39", "C01", tags={"federal_tax": "Y"})


def tax(program, requester="agency", purpose="support", *, approved=True):
    row = POLICY.tax_row(Cell("IRS", program, purpose, requester), approved=approved, day=TODAY)
    return (row.number, row.allowed)


@pytest.mark.parametrize(
    ("asked", "row"),
    [
        (("IV-D", "private"), (1, False)),
        (("IV-D",), (2, True)),
        (("shared-application",), (3, False)),
        (("court", "court"), (4, False)),
        (("contractor",), (5, False)),
        (("authorised-contractor",), (6, False)),
        (("tribal-IV-D",), (8, True)),
        (("IV-A", "agency", "administration"), (9, True)),
        (("IV-A", "agency", "eligibility"), (12, False)),
        (("federal-audit",), (10, False)),
        (("state-audit",), (11, False)),
        (("unheard-of",), (12, False)),
    ],
)
def test_the_tax_matrix_has_a_row_for_everybody(asked, row):
    assert tax(*asked) == row


def test_a_tribe_that_is_not_onboarded_is_in_a_row_of_its_own():
    assert tax("tribal-IV-D", approved=False) == (7, False)


def test_the_twelve_rows_are_there_in_their_order():
    assert [row.number for row in POLICY.tax] == list(range(1, 13))
    assert POLICY.tax_source


@pytest.mark.claim("F07", control="test_the_same_data_without_the_label_need_no_approval")
def test_tax_data_leave_only_between_the_dates_of_the_approval(claim):
    day = timedelta(days=1)
    one = TaxApproval(TODAY - day, TODAY + day, "SSR")
    asked = [
        (one, TODAY, None),
        (one, TODAY + day, None),
        (one, TODAY - day, None),
        (one, TODAY + 2 * day, Withheld.FEDERAL_TAX_APPROVAL),
        (one, TODAY - 2 * day, Withheld.FEDERAL_TAX_APPROVAL),
        (TaxApproval(), TODAY, Withheld.FEDERAL_TAX_APPROVAL),
        (replace(one, reference=""), TODAY, Withheld.FEDERAL_TAX_APPROVAL),
        (replace(one, until=None), TODAY, Withheld.FEDERAL_TAX_APPROVAL),
    ]
    said = [decide(TAXED, to("IV-D", approval=given, tax=True), day) for given, day, _ in asked]
    assert said == [wanted for *_, wanted in asked]
    tribe = [to("IV-D", Role.TRIBE, approval=given, tax=True) for given in (one, TaxApproval())]
    locate = replace(TAXED, kind=Kind("locate"))
    assert [decide(locate, route) for route in tribe] == [None, Withheld.FEDERAL_TAX_APPROVAL]
    claim.measured(f"12 rows; {len(asked)} dates around an approval decided as written")


def test_the_same_data_without_the_label_need_no_approval():
    plain = replace(TAXED, tags={})
    assert decide(plain, to("IV-D", approval=TaxApproval(), tax=True)) is None


def test_whoever_is_in_no_allowing_row_gets_no_tax_data_even_when_approved():
    wide = Guard(replace(POLICY, kinds={TAXED.kind: replace(POLICY.kinds[TAXED.kind], programs=frozenset({"court"}))}))
    route = to("court", approval=APPROVED, tax=True)
    assert wide.decide(Passage(wide.bearing(TAXED), route, TODAY)).withheld is Withheld.FEDERAL_TAX_RECIPIENT


# --- the rest of the guard's questions -------------------------------------------------------------------------------


def test_a_tribe_gets_a_states_cases_and_none_of_the_federal_matches():
    case = Facts(Kind("case-transfer"), "39", "90830", "ENF R")
    assert decide(case, to("IV-D", Role.TRIBE)) is None
    assert decide(Facts(Kind("wage"), "FPLS", "90830"), to("IV-D", Role.TRIBE)) is Withheld.LABEL
    assert decide(Facts(Kind("wage"), "FPLS", "39"), to("IV-D")) is None


@pytest.mark.parametrize("changes", [{"purpose": "curiosity"}, {"requester": "neighbour"}])
def test_a_purpose_or_requester_that_the_policy_does_not_know_is_refused(changes):
    """Q04."""
    assert decide(Facts(Kind("locate"), "26", "39", "LO1 R"), to("IV-D", **changes)) is Withheld.PURPOSE


def test_for_custody_only_an_address_and_an_employer_may_be_told():
    """Q05: 45 CFR 303.15(c)(1)."""
    answer = Facts(Kind("locate-answer"), "FPLS", "39", "E05", tags={"locate_type": "CV", "told": "Y"})
    assert decide(answer, to("IV-D")) is None
    assert decide(replace(answer, tags={**answer.tags, "beyond_whereabouts": "Y"}), to("IV-D")) is Withheld.CONTENT
    wages = replace(answer, tags={**answer.tags, "ndnh": "Y"})
    assert decide(wages, to("IV-D")) is Withheld.LABEL


@pytest.mark.parametrize(
    ("attested", "said"),
    [
        (None, Withheld.LOCATE_ROLE),
        (TODAY - timedelta(days=1), Withheld.LOCATE_ATTESTATION),
        (TODAY, None),
        (TODAY + timedelta(days=30), None),
    ],
)
@pytest.mark.parametrize("query", [{"transaction": "FR L"}, {"transaction": "FP A", "tags": {"locate_type": "CS"}}])
def test_only_an_attested_state_locator_service_asks_the_federal_one(attested, said, query):
    """Q01 and Q03: 45 CFR 303.70(b), (e)."""
    sender = replace(to("IV-D").partner, locate_attested_until=attested)
    entry = Facts(Kind("registry-entry"), "39", "FPLS", **query)
    assert decide(entry, to("FPLS"), sender=sender) is said


def test_a_case_is_told_to_the_registry_without_an_attestation():
    assert decide(Facts(Kind("registry-entry"), "39", "FPLS", "FC A"), to("FPLS")) is None


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (date(2024, 11, 1), None),
        (date(2024, 10, 31), Withheld.RETENTION),
        (date(2026, 10, 31), None),
    ],
)
def test_data_of_the_national_directory_do_not_leave_past_their_ceiling(received, said):
    """L10: 42 USC 653(i)(2), 24 months."""
    wage = Facts(Kind("wage"), "FPLS", "39")
    assert decide(wage, to("IV-D"), received_on=received) is said
    assert decide(Facts(Kind("locate"), "26", "39", "LO1 R"), to("IV-D"), received_on=received) is None


def test_nothing_leaves_under_an_agreement_that_is_not_in_force_on_the_day():
    assert decide(Facts(Kind("locate"), "26", "39"), to("IV-D"), date(2025, 12, 31)) is Withheld.AGREEMENT


def test_each_decision_names_the_version_of_the_policy_and_the_rule():
    found = GUARD.decide(Passage(GUARD.bearing(TAXED), to("IV-D"), TODAY))
    assert (found.rule, found.policy) == ("F07", POLICY.version)


def test_the_empty_policy_lets_nothing_leave():
    nothing = Guard(Policy())
    for kind in POLICY.kinds:
        passage = Passage(nothing.bearing(Facts(kind, "39", "26")), to("IV-D"), TODAY)
        assert nothing.decide(passage).withheld is Withheld.PROGRAM


# --- labels survive --------------------------------------------------------------------------------------------------


def test_a_bearing_survives_the_store():
    for labels, flags, words in product(
        (frozenset({"STATE"}), frozenset({"IRS", "FPLS"})),
        product((False, True), repeat=5),
        (("", ""), ("I", "custody")),
    ):
        one = Bearing(Kind("locate"), labels, *flags, *words)
        assert bearing_from(one.kind, one.text()) == one


def test_what_crosses_a_bridge_keeps_every_label_and_mark():
    for tags in ({}, {"ndnh": "Y"}, {"federal_tax": "Y"}, {"told": "Y", "locate_type": "PK"}):
        for marks in ({}, {"family_violence": True}, {"nondisclosure": True}):
            facts = replace(TAXED, tags=tags, **marks)
            before, after = GUARD.bearing(facts), GUARD.bearing(replace(facts, kind=Kind("locate")))
            joined = before.joined(after)
            assert joined.kind == "locate"
            assert joined.labels >= before.labels | after.labels
            assert (joined.tells, joined.purpose) == (before.tells or after.tells, before.purpose)
            assert (joined.family_violence, joined.nondisclosure) == (facts.family_violence, facts.nondisclosure)


# --- a policy that is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('labels = ["FIDM"]', 'labels = ["FIDN"]', "FIDN is unknown"),
        ('purpose = "support"', 'purpose = "fun"', "purpose fun is unknown"),
        ('programs = ["NDNH"]', 'programs = ["NDNX"]', "NDNX is unknown"),
        ('id = "N7"', 'id = "N7"\nlabels = ["IRS"]', "the last refusal must cover everything"),
        ('federal_tax = "IRS"', 'federal_tax = "TAX"', "label TAX is unknown"),
        ("version =", "versions =", "version is missing"),
    ],
)
def test_a_policy_that_names_what_is_not_there_is_refused_at_start(before, after, said):
    folder = Path(schemas.__file__).parent / "disclosure"
    texts = {name: (folder / f"{name}.toml").read_text() for name in ("policy", "fti", "answers")}
    assert before in texts["policy"]
    texts["policy"] = texts["policy"].replace(before, after)
    with pytest.raises(Misconfigured, match=said):
        read_policy(*(parse(f"disclosure/{name}.toml", text.encode()) for name, text in texts.items()))
