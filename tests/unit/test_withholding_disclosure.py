"""Who may receive withholding orders, answers, results, the employer list and liens: the table, side by side."""

from itertools import product

import pytest

from gateway.core.disclosure import Withheld
from gateway.core.model import (
    Facts,
    Kind,
)
from gateway.tools import speech
from tests.unit.guarding import POLICY, decide, to
from tests.unit.withholding_cases import BASES, ORDER

ALLOWED = {
    ("income-withholding", "I ORG"): {"employer", "e-IWO"},
    ("income-withholding", "I TRM"): {"employer", "e-IWO"},
    ("income-withholding", "A ORG"): {"IV-D", "e-IWO"},
    ("income-withholding", "A EMP"): {"IV-D", "e-IWO"},
    ("income-withholding", "S ORG"): {"IV-D"},
    ("income-withholding", "I"): {"employer", "e-IWO"},
    ("income-withholding", "K ORG"): set(),
    ("income-withholding", ""): set(),
    ("employer-directory", None): {"IV-D"},
    ("lien", "01"): {"lien-network"},
}
ASKING = ("IV-D", "IV-A", "XIX", "vital-records", "NDNH", "employer", "e-IWO", "lien-network", "")
TABLE = list(product(ALLOWED, ASKING))
CANONICAL = speech().canonical


@pytest.mark.parametrize(("what", "program"), TABLE)
def test_the_guard_lets_each_side_have_what_is_for_it(what, program):
    kind, transaction = what
    answer = decide(Facts(Kind(kind), "39", "26", transaction), to(program))
    assert answer == (None if program in ALLOWED[what] else Withheld.PROGRAM)


@pytest.mark.parametrize(("what", "program"), TABLE)
def test_a_protected_person_is_named_to_agencies_only(what, program):
    kind, transaction = what
    answer = decide(Facts(Kind(kind), "39", "26", transaction, family_violence=True), to(program))
    if program not in ALLOWED[what]:
        assert answer is Withheld.PROGRAM
    else:
        assert answer == (None if program == "IV-D" else Withheld.FAMILY_VIOLENCE)


@pytest.mark.parametrize(("transaction", "content"), list(BASES.items()))
def test_the_guard_knows_a_real_record_by_its_transaction(transaction, content):
    facts = CANONICAL.facts(content)
    assert (facts.transaction, facts.kind in POLICY.kinds) == (transaction, True)


def test_an_order_goes_from_the_agency_to_the_employer_and_its_answer_back():
    order, answer, result = (CANONICAL.facts(BASES[one]) for one in ("I ORG", "A ORG", "S ORG"))
    assert (order.sender, order.recipient) == ("39000", "990000001")
    assert (answer.sender, answer.recipient) == ("990000001", "39000")
    assert (result.sender, result.recipient) == ("EIWO", "39000")
    assert order.case_id == answer.case_id == result.case_id


@pytest.mark.parametrize("person", ["Employee", "Obligee", "Child[1]"])
def test_a_protected_person_makes_an_order_a_protected_one(person):
    fields = {**ORDER.fields, f"Order/{person}/FamilyViolenceIndicator": "Y"}
    assert CANONICAL.facts(type(ORDER)(ORDER.kind, fields)).family_violence
