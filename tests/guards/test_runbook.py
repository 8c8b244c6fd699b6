"""The runbook knows every cause that a dead letter can have, and no other."""

import ast
import re
from pathlib import Path

import pytest

import schemas
from gateway.core.causes import PROCESS_DIED
from gateway.work.verdict import POISONOUS

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8").split("## Dead letters")[1].split("\n## ")[0]
NAMED = {code for row in re.findall(r"^\| (`.*?) \|", SECTION, re.MULTILINE) for code in re.findall(r"`([^`]+)`", row)}
FAULTS = {"Permanent", "Transient", "Tampered"}
STATUS = re.compile(r"http-\d{3}")


def texts(node: ast.AST) -> set[str]:
    """The words of an expression; the beginning of a formatted one (``http-``) is none."""
    found = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {text for text in found if not text.endswith("-")}


def raised(path: Path) -> set[str]:
    """Codes of the failures that a file makes, and of the tables that it takes them from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAULTS:
            found |= {text for keyword in node.keywords if keyword.arg == "code" for text in texts(keyword.value)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_CODES":
            found |= texts(node)
    return found


FILES = [*(ROOT / "adapters").glob("*.py"), *(ROOT / "gateway" / "work").glob("*.py"), *(ROOT / "keys").glob("*.py")]


@pytest.fixture(scope="module")
def causes() -> set[str]:
    return set().union(*(raised(path) for path in FILES)) | {"tampered", PROCESS_DIED} | POISONOUS


def test_every_cause_is_in_the_runbook(causes):
    assert causes <= NAMED


def test_the_runbook_names_no_cause_that_there_is_not(causes):
    rules = set(map(str, schemas.load().rules))
    formats = {"xml", "json"}
    odd = {code for code in NAMED - causes - rules - formats if not STATUS.fullmatch(code)}
    assert odd <= {"secrets"}
