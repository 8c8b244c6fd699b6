"""What rules are about, in the words of the business."""

import pytest

import schemas
from gateway.core.checks import FORMAT_CHECK
from gateway.core.rule_words import is_asked_of, subject

CATALOG = schemas.load(drafts=True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("NH-SSN", "employee ssn"),
        ("CSE-RESIDENCE", "residential address effective date, residential address confirmed ind"),
        ("CSE-BIRTH-FUTURE", "date of birth"),
        ("FIX-DATE", ""),
    ],
)
def test_a_rule_names_its_fields_as_the_layouts_do_unless_it_is_about_any_field(code, words):
    assert subject(CATALOG.rules[code], CATALOG) == words


def test_every_rule_that_names_a_path_names_a_field():
    for rule in CATALOG.rules.values():
        if rule.check != FORMAT_CHECK and {"path", "paths", "block", "later"} & set(rule.parameters):
            words = subject(rule, CATALOG)
            assert words, rule.code
            assert words == words.lower()
            assert not set("_/[*]") & set(words), rule.code


@pytest.mark.parametrize(
    ("code", "name", "asked"),
    [("NH-SSN", "w4", True), ("NH-SSN", "csenet", False), ("CSE-SERIAL", "w4", False), ("FIX-DATE", "w4", True)],
)
def test_a_rule_is_asked_of_the_formats_that_carry_its_kinds(code, name, asked):
    assert is_asked_of(CATALOG.rules[code], name, CATALOG) is asked
