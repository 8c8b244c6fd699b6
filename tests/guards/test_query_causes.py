"""The runbook knows every cause for which a query can end without an answer."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from gateway.core.case_status import Mismatch
from gateway.core.disclosure import Withheld
from gateway.core.routing import Reason

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTION = TEXT.split("## Queries end without an answer")[1].split("\n## ")[0]
NAMED = set(re.findall(r"`([a-z0-9-]+)`", SECTION))
FILES = (
    ROOT / "adapters" / "queries.py",
    ROOT / "gateway" / "work" / "query.py",
    ROOT / "gateway" / "work" / "query_plan.py",
)
CLASSES = ("query-timeout", "query-invalid")
"""Codes that are those of their class."""


def codes(path: Path) -> set[str]:
    """``code=`` of every error, and what the module names in capitals."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "code":
            found |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple):
            found |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    return {code for code in found if isinstance(code, str) and re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", code)}


CAUSES = set().union(*(codes(path) for path in FILES)) | set(Mismatch) | set(Reason) | {Withheld.PROGRAM, *CLASSES}


def test_every_cause_is_in_the_runbook():
    assert {str(code) for code in CAUSES} - NAMED == set()


def test_the_scan_finds_what_it_looks_for():
    assert {"answer-too-large", "partner-busy", "queries-not-offered", "query-called-off", "tls-untrusted"} <= CAUSES
