"""The table of claims: what shows one, what takes it away, and that none is passed over in silence."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.claims import CLAIMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
OURS = [f"A{number}" for number in range(17, 42)]
"""The claims of trust."""
NOT_SHOWN = re.compile(r"^\| (A\d\d) \| not shown: (\S.*) \|$", re.MULTILINE)

EXAMPLE = """
import pytest

@pytest.mark.claim("A20", control="test_control")
@pytest.mark.parametrize("case", [1, 2])
def test_good(claim, case):
    claim.measured(f"case {case} at {claim.size(push=1, night=2)}")

def test_control():
    pass

@pytest.mark.claim("A21", control="test_failing_control")
def test_without_evidence(claim):
    claim.measured("as good as it looks")

def test_failing_control():
    assert False

@pytest.mark.claim("A22", "A23", control="test_control")
def test_failing(claim):
    assert False

@pytest.mark.claim("V12", control="test_control")
def test_of_a_requirement(claim):
    pass

@pytest.mark.claim("A24", control="test_control")
def test_skipped(claim):
    pytest.skip("no server")

def test_of_no_claim():
    assert False
"""


def test_the_table_tells_what_was_shown_and_what_was_not(tmp_path):
    (tmp_path / "test_example.py").write_text(EXAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.assurance", "--claims", "-p", "no:randomly"]
    environment = {**os.environ, "GATEWAY_ASSURE": "night", "GATEWAY_SEED": "7", "PYTHONPATH": str(ROOT)}
    options = [
        "--rootdir",
        str(tmp_path),
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "--assurance",
        "out",
        str(tmp_path),
    ]
    run = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60
    )
    assert "1 deselected" in run.stdout, run.stdout + run.stderr
    table = json.loads((tmp_path / "out/assurance.json").read_text())
    told = {line["claim"]: (line["outcome"], line["figure"]) for line in table["claims"]}
    assert told["A20"] == ("shown", "case 1 at 2; case 2 at 2")
    assert told["A21"] == ("not shown", "as good as it looks")
    assert told["A22"][0] == told["A23"][0] == "FAILED"
    assert told["A24"][0] == "not shown"
    assert told["A25"] == ("not shown", "no test of this run")
    assert told["V12"] == ("shown", "1 case")
    assert set(told) == {*CLAIMS, "V12"}
    assert table["run"]["seed"] == 7
    assert "| A20 | every kind of tampering is found | shown |" in (tmp_path / "out/assurance.md").read_text()


def marked():
    """The claims that tests are marked with."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "claim":
                found |= {one.value for one in call.args if isinstance(one, ast.Constant)}
    return found


def unspoken(page, shown):
    """Claims that no test shows and about which the page says nothing."""
    excused = dict(NOT_SHOWN.findall(page))
    return [claim for claim in OURS if claim not in shown and claim not in excused]


def test_every_claim_of_trust_is_shown_by_a_test_or_has_a_reason_on_the_page():
    assert unspoken(PAGE, marked()) == []


def test_a_claim_that_nobody_shows_and_nobody_speaks_of_is_found():
    shown = set(OURS) - {"A17", "A18"}
    assert unspoken("| A17 | not shown: no machine for it |\n| A18 | not shown: |\n", shown) == ["A18"]
