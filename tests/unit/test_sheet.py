"""Findings for a spreadsheet: complete, without a value, and without a cell that could be taken for a formula."""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.model import FormatName
from gateway.core.spreadsheet import plain
from gateway.offline import Validator, validator
from gateway.reports.sheet import HEAD, sheet

ROOT = Path(__file__).parents[2]
COMMAND = "cmd|' /C calc'!A0"
FORMULAS = [
    f"={COMMAND}", f"+{COMMAND}", f"-{COMMAND}", f"@{COMMAND}", "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(A1)",
    "=WEBSERVICE(A1)", "=IMPORTXML(A1)", "=DDE(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "\0=1+1", " =1+1", "   +1",
    "\u00a0=1+1", "\ufeff=1+1", "\u200b=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "|calc", "%0A=1+1", '="a"', "='a'",  # noqa: RUF001 - full-width signs
    '=1+1","=2+2', "=1\n=2", "＝cmd", "-2+3+cmd", "@@x",  # noqa: RUF001 - as above
]  # fmt: skip
FIGURES = frozenset("=+-@|%\t\r\n\0＝＋－＠")  # noqa: RUF001 - as above


@pytest.fixture(scope="module")
def judge() -> Validator:
    return validator(None, None)


@pytest.fixture(scope="module")
def faulty(judge):
    return judge.check(ROOT / "examples/faulty.w4", FormatName("w4"), lambda _: None)


def cells(text):
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def taken_for_formulas(found):
    """Cells that a spreadsheet would calculate."""
    return [cell for cell in found if cell.strip(" \u00a0\ufeff\u200b")[:1] in FIGURES and cell.strip()]


@pytest.mark.claim("A38", control="test_control_without_the_apostrophe_they_are_formulas")
def test_no_cell_is_a_formula_whatever_a_file_is_called(faulty, claim):
    for name in FORMULAS:
        assert taken_for_formulas(cells(sheet([replace(faulty, file=name)]))) == [], name
    claim.measured(f"formulas: 0 of {len(FORMULAS)}")


def test_control_without_the_apostrophe_they_are_formulas():
    assert taken_for_formulas(FORMULAS) == FORMULAS


@pytest.mark.parametrize("text", ["", " ", "w4", "1-2", "a=b", "January 2026", "'", "o'neil.csv", "5%"])
def test_other_cells_stay_as_they_are(text):
    assert plain(text) == text


def test_the_sheet_has_a_row_for_each_place_and_says_the_same_as_the_other_reports(faulty):
    rows = list(csv.DictReader(io.StringIO(sheet([faulty]), newline="")))
    assert tuple(rows[0]) == HEAD
    assert len(rows) == sum(len(one.group.samples) or 1 for one in faulty.findings)
    assert {row["rule"] for row in rows} == {one.group.rule for one in faulty.findings}
    assert all(row["title"] and row["fix"] for row in rows)
    assert any(row["record"] for row in rows)


def test_nothing_else_writes_csv():
    """Formats of partners are read as CSV and never written; whoever adds a sheet uses this one."""
    writers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("gateway", "transforms", "adapters", "keys", "verifier")
        for path in (ROOT / folder).rglob("*.py")
        for text in [path.read_text(encoding="utf-8")]
        if "csv" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter")
        and isinstance(node.value, ast.Name) and node.value.id == "csv"
    ]  # fmt: skip
    assert writers == ["gateway/core/spreadsheet.py"]
