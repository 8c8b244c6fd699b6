"""The disclosure guard, as one full table: kind, program, family violence, nondisclosure, answer to a locate."""

from datetime import date
from itertools import product

import pytest

from gateway.core.disclosure import LOCATE, PROGRAMS, Withheld, decide
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Endpoint,
    Facts,
    Kind,
    Partner,
    PartnerKey,
    Role,
)
from gateway.core.routing import Route

PROGRAM_NAMES = (
    "IV-D", "IV-A", "XIX", "vital-records", "NDNH", "financial-institution", "federal-offset", "employer", "",
)  # fmt: skip
MAY_RECEIVE = {
    "case-transfer": {"IV-D", "IV-A", "XIX", "vital-records"},
    "locate": {"IV-D"},
    "new-hire": {"IV-D", "NDNH"},
    "asset-inquiry": {"IV-D", "financial-institution"},
    "asset-match": {"IV-D"},
    "insurance-match": {"IV-D"},
    "federal-offset": {"IV-D", "federal-offset"},
    "withholding-payment": {"IV-D"},
    "something-new": set(),
}


def to(program):
    partner = Partner(PartnerKey("x"), "X", Role.AGENCY, program, frozenset({"39"}), Endpoint(AdapterName.MAILBOX))
    agreement = Agreement(
        AgreementKey("a"), AgreementMode.DIRECT, frozenset(), partner.key, frozenset(), "law", date(2026, 1, 1)
    )
    return Route(partner, agreement)


def expected(kind, program, answer, violence, nondisclosure):
    """The rule in words: the program first, then a protected person's whereabouts."""
    if program not in MAY_RECEIVE[kind]:
        return Withheld.PROGRAM
    if not (violence or nondisclosure):
        return None
    if program == "IV-D" and not (kind == "locate" and answer):
        return None
    return Withheld.FAMILY_VIOLENCE if violence else Withheld.NONDISCLOSURE


ELSEWHERE = {"income-withholding", "employer-directory", "lien"}
"""Kinds whose table is in test_withholding_disclosure."""

TABLE = list(product(MAY_RECEIVE, PROGRAM_NAMES, (False, True), (False, True), (False, True)))


@pytest.mark.parametrize(("kind", "program", "answer", "violence", "nondisclosure"), TABLE)
def test_the_guard_decides_as_the_table_says(kind, program, answer, violence, nondisclosure):
    transaction = None if kind == "new-hire" else f"LO1 {'P LSADR' if answer else 'R'}"
    facts = Facts(Kind(kind), "26", "39", transaction, family_violence=violence, nondisclosure=nondisclosure)
    assert decide(facts, to(program)) == expected(kind, program, answer, violence, nondisclosure)


def test_the_table_knows_every_kind_that_may_leave_at_all():
    assert {str(kind): set(programs) for kind, programs in PROGRAMS.items() if kind not in ELSEWHERE} == {
        kind: programs for kind, programs in MAY_RECEIVE.items() if programs
    }
    assert set(PROGRAMS) >= ELSEWHERE


def test_a_kind_that_the_guard_has_never_heard_of_leaves_to_nobody():
    assert decide(Facts(Kind("something-new"), "26", "39"), to("IV-D")) is Withheld.PROGRAM


def test_family_violence_is_named_before_nondisclosure():
    facts = Facts(LOCATE, "26", "39", "LO1 P", family_violence=True, nondisclosure=True)
    assert decide(facts, to("IV-D")) is Withheld.FAMILY_VIOLENCE


@pytest.mark.parametrize("transaction", [None, "", "LO1", "LO1 R", "LO1 A", "LO1 U"])
def test_only_an_answer_with_what_was_found_is_kept_from_a_child_support_agency(transaction):
    facts = Facts(LOCATE, "26", "39", transaction, family_violence=True)
    assert decide(facts, to("IV-D")) is None
