"""What a cause means: every code once, and what is not in the table in the words of its kind."""

from collections import Counter

import pytest

from gateway.core.causes import AWAY, CAUSES, DISCLOSED, UNFIT, UNUSABLE, cause_of

RULES = {"FIX-WIDTH"}


def test_every_code_has_one_meaning():
    assert max(Counter(code for cause in CAUSES for code in cause.codes).values()) == 1


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("connect-failed", AWAY),
        ("http-503", AWAY),
        ("http-422", UNUSABLE),
        ("disclosure-program", DISCLOSED),
        ("FIX-WIDTH", UNFIT),
        ("a-partner-s-own-word", UNUSABLE),
    ],
)
def test_a_cause_is_known_by_its_code_or_its_kind(code, cause):
    assert cause_of(code, RULES) is cause
