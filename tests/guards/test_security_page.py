"""What the security page says is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
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
