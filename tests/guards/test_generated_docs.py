"""The generated pages are those of the tables, and every code that a caller can meet has its page."""

import ast
import re
from pathlib import Path

import pytest

import schemas
from adapters import ADAPTERS
from gateway.core import errors
from gateway.core.errors import Misconfigured, Refused, Unavailable
from gateway.docs import FOLDER, README, pages
from gateway.docs.endpoints import with_endpoints
from gateway.docs.formats import ALSO, with_formats
from gateway.web.problems import PROBLEMS

ROOT = Path(__file__).parents[2]
CATALOG = schemas.load(drafts=True)
BEHIND_THE_API = ("gateway/web/api", "gateway/work", "gateway/store", "gateway/core")
MET_ELSEWHERE = {
    "device-exists",
    "factor-exists",
    "factor-last",
    "audit-size",
    "audit-entry",
    "api-key-exists",
    "api-keys-two",
    "broker-down",
    "plain-not-allowed",
    "wire-key-overlap",
}
"""Codes that only the integrator, the dispatcher, the command line or the readiness check can meet."""
TELLING = {n for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, Refused | Unavailable)}


@pytest.fixture(scope="module")
def generated():
    return pages()


def test_every_generated_page_is_as_the_generator_writes_it(generated):
    other = [name for name, text in generated.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert other == [], "run: python -m gateway.docs"


def test_no_page_of_a_format_that_is_gone_is_left(generated):
    assert {f"formats/{page.name}" for page in (FOLDER / "formats").iterdir()} <= set(generated)


def test_every_format_and_every_layout_has_its_page(generated):
    layouts = {name for sequence in CATALOG.sequences.values() for name in sequence}
    layouts |= {record.layout for order in CATALOG.files.values() for record in order.records}
    assert layouts | {name for names in ALSO.values() for name in names} == set(CATALOG.layouts)
    for name in CATALOG.formats:
        assert CATALOG.formats[name].confidence in generated[f"formats/{name}.md"]


def test_every_rule_is_on_the_page_of_rules(generated):
    assert set(re.findall(r'<a id="([^"]+)">', generated["rules.md"])) == set(CATALOG.rules)


def test_every_option_of_every_adapter_is_on_the_page_for_partners(generated):
    for name, entry in ADAPTERS.items():
        for key in entry.options:
            assert f"| `{name}` | `{key}` |" in generated["partners.md"]


@pytest.mark.parametrize("made", [with_endpoints, with_formats])
def test_a_page_without_its_marks_is_not_overwritten(made):
    with pytest.raises(Misconfigured, match="mark"):
        made("# A page\n")


def test_the_readme_tells_of_every_format_what_is_missing(generated):
    for name, info in CATALOG.formats.items():
        [row] = [line for line in generated[README].splitlines() if line.startswith(f"| [`{name}`]")]
        assert f"| {info.state} | {info.missing}" in row


def told_codes(path):
    """``code=`` of every refusal and every 503 that a file makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TELLING:
            yield from (k.value.value for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant))


@pytest.mark.parametrize("folder", BEHIND_THE_API)
def test_every_code_that_a_caller_can_meet_has_its_page(folder):
    for path in (ROOT / folder).rglob("*.py"):
        assert set(told_codes(path)) - MET_ELSEWHERE <= set(PROBLEMS), path
