"""Nothing leaves around the disclosure guard: who makes its word, who makes what needs it, who hands anything over."""

import ast
from functools import cache
from pathlib import Path

import pytest

from adapters import ADAPTERS, make_adapters, make_query_line
from adapters.cleared import Cleared, ClearedLine
from tests.contract.test_adapter_contract import kit

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("gateway", "adapters") for path in (ROOT / package).rglob("*.py"))
MAKERS = {
    "Clearance": {"gateway/core/disclosure/guard.py"},
    "Parcel": {"gateway/work/attempt.py"},
    "_MADE_HERE": {"gateway/core/disclosure/guard.py"},
}
"""Name -> the only modules that call or use it."""
CALLERS = {
    "hand_over": {"gateway/work/attempt.py", "adapters/cleared.py"},
    "fetch": {"gateway/web/api/mailbox.py"},
    "make_adapters": {"gateway/wiring.py"},
    "make_query_line": {"gateway/wiring.py"},
}
"""Method or function -> the only modules that call it."""


@cache
def called(source):
    """Names and attributes that a module calls, and names that it uses at all."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            target = node.func
            found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
        elif isinstance(node, ast.Name) and node.id == "_MADE_HERE":
            found.add(node.id)
    return found


def users(word):
    return {path.relative_to(ROOT).as_posix() for path in SOURCES if word in called(path.read_text())}


@pytest.mark.parametrize(("word", "only"), [*MAKERS.items(), *CALLERS.items()])
def test_only_these_modules_can_let_something_out(word, only):
    assert users(word) == only


@pytest.mark.parametrize("word", [*MAKERS, *CALLERS])
def test_a_way_around_would_be_found(word):
    around = f"x = {word}" if word == "_MADE_HERE" else f"async def go(it):\n    await it.{word}(1)\n    {word}(1)"
    assert word in called(around)


def test_the_guard_is_asked_before_a_parcel_is_fetched():
    """In the one function that fetches, the question stands between the look and the opening."""
    module = ast.parse((ROOT / "gateway/web/api/mailbox.py").read_text())
    (get,) = [node for node in module.body if getattr(node, "name", "") == "get_parcel"]
    order = [n.func.attr for n in ast.walk(get) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    lines = {
        n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", ""): n.lineno
        for n in ast.walk(get)
        if isinstance(n, ast.Call)
    }
    assert "kept_back" in order
    assert lines["fetch"] < lines["kept_back"] < lines["_opened"]


async def test_every_channel_stands_behind_the_check_of_the_guards_word():
    made = make_adapters(kit())
    assert made.keys() == ADAPTERS.keys()
    assert all(type(adapter) is Cleared for adapter in made.values())
    line = make_query_line(kit())
    assert type(line) is ClearedLine
    for adapter in (*made.values(), line):
        await adapter.close()
