"""What the security page says is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.claims import REQUIREMENTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]*) \|(.*)\|$", re.MULTILINE)
NUMBER = re.compile(r"[A-Z]{1,2}-?\d+(?:\(\d\))?")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")


def missing(page: str) -> list[str]:
    """Tests that a page names and nobody wrote."""
    found = []
    for path, name in TEST.findall(page):
        file = ROOT / path
        known = file.is_file() and (not name or re.search(rf"def {name}\(", file.read_text(encoding="utf-8")))
        if not known:
            found.append(f"{path}::{name}")
    return found


def test_the_tests_that_it_names_exist():
    assert missing(PAGE) == []


def test_a_test_that_nobody_wrote_is_found():
    here = "tests/guards/test_security_page.py"
    assert missing(f"`{here}::test_nobody_wrote` `{here}::test_the_tests_that_it_names_exist`") == [
        f"{here}::test_nobody_wrote"
    ]


def silent(page: str) -> list[str]:
    """Requirements without a test and without a word that they are not kept."""
    spoken = set()
    for numbers, rest in ROW.findall(page):
        if TEST.search(rest) or rest.strip().startswith("not kept: "):
            spoken |= set(NUMBER.findall(numbers))
            spoken |= {"W1", "W2", "W3"} if numbers == "W1 to W3" else set()
    return sorted(REQUIREMENTS - spoken)


def test_every_requirement_has_a_test_or_a_word_that_it_is_not_kept():
    assert silent(PAGE) == []


def test_a_requirement_of_which_nothing_is_said_is_found():
    page = "\n".join(line for line in PAGE.splitlines() if not line.startswith(("| F02 |", "| Q02 |")))
    assert silent(page) == ["F02", "Q02"]
