"""A request to the federal locator names the person, and the parent's number or what was tried to find it (Q02)."""

from dataclasses import replace
from itertools import product

import pytest

from gateway.core.rules import BusinessRules
from tests.unit.locate_rules import BASES
from tests.unit.test_rules import CATALOG, altered, judged

ASKED = BASES["federal locate"]
EFFORTS = "Asked the other parent, the clerk of the court and the motor vehicle agency."
COMBINATIONS = list(
    product(("A", "C", "L", "T", "D"), ("CS", "CV", None), ("NP", "CP", "PF", "CH"), *[(True, False)] * 4)
)
"""Action, type of request, participant; and whether last name, first name, number and statement are there."""
WITHOUT = BusinessRules(replace(CATALOG, rules={k: v for k, v in CATALOG.rules.items() if not k.startswith("FPLS-")}))


def request(combination):
    action, kind, participant, last, first, number, efforts = combination
    return altered(
        ASKED,
        {
            "ActionTypeCode": action,
            "LocateRequestTypeCode": kind,
            "ParticipantTypeCode": participant,
            "PersonName/PersonSurName": "EXAMPLE" if last else None,
            "PersonName/PersonGivenName": "JOHN" if first else None,
            "PersonSSNIdentification": "900010002" if number else None,
            "ReasonableEffortsText": EFFORTS if efforts else None,
        },
    )


def wanted(combination):
    """What 45 CFR 303.70(d) asks for and is not there."""
    action, kind, participant, last, first, number, efforts = combination
    if kind is None or action in "TD":
        return set()
    unnamed = {"FPLS-NAME"} if not (last and first) else set()
    return unnamed | ({"FPLS-SSN"} if participant != "CH" and not (number or efforts) else set())


def found(combination, **rules):
    return {one.rule for one in judged(request(combination), **rules) if one.severity.blocks}


@pytest.mark.claim("Q02", control="test_without_the_rules_they_would_be_taken")
def test_a_request_without_what_the_rule_asks_for_is_refused_with_a_code(claim):
    lacking = [one for one in COMBINATIONS if wanted(one)]
    assert {one: found(one) for one in COMBINATIONS} == {one: wanted(one) for one in COMBINATIONS}
    claim.measured(f"{len(lacking)} of {len(COMBINATIONS)} combinations lack something; all of those are refused")


def test_without_the_rules_they_would_be_taken():
    assert not any(found(one, rules=WITHOUT) for one in COMBINATIONS)
