"""Nothing leaves around the disclosure guard: who makes its word, who makes what needs it, who hands anything over."""

import ast
from dataclasses import MISSING, field, fields, make_dataclass
from functools import cache
from pathlib import Path

import pytest

from adapters import ADAPTERS, make_adapters, make_query_line
from adapters.cleared import Cleared, ClearedLine
from gateway.core.ports.adapters import Parcel
from gateway.core.ports.queries import Answered, Asked
from tests.contract.test_adapter_contract import kit

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("gateway", "adapters") for path in (ROOT / package).rglob("*.py"))
NAMESAKES = {"gateway/core/rules.py", "gateway/court.py"}
"""What these two call ``Asked`` is another thing."""
MAKERS = {
    "Clearance": {"gateway/core/disclosure/guard.py"},
    "Parcel": {"gateway/work/attempt.py"},
    "Asked": {"gateway/work/query.py", *NAMESAKES},
    "Answered": {"gateway/work/query_wire.py"},
    "_MADE_HERE": {"gateway/core/disclosure/guard.py"},
}
"""Name -> the only modules that call or use it."""
CALLERS = {
    "hand_over": {"gateway/work/attempt.py", "adapters/cleared.py"},
    "fetch": {"gateway/web/api/mailbox.py"},
    "make_adapters": {"gateway/wiring.py"},
    "make_query_line": {"gateway/wiring.py"},
    "HttpsLine": {"adapters/__init__.py"},
    "line.ask": {"gateway/work/query.py", "gateway/work/query_wire.py", "adapters/cleared.py"},
    "queries.ask": {"gateway/web/api/queries.py"},
    "clear_answer": {"gateway/work/query.py"},
}
"""Method or function, some with the last name of their owner, -> the only modules that call it."""


def names(node):
    """The last name of what is called, and the same with its owner's."""
    if not isinstance(node, ast.Attribute):
        return {getattr(node, "id", "")}
    owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
    return {node.attr, f"{owner}.{node.attr}"}


@cache
def called(source):
    """Names and attributes that a module calls, and names that it uses at all."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found |= names(node.func)
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
    assert word not in called(around.replace(word.rpartition(".")[2], "other"))
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


def order_of(source, function):
    """Line by line what one function of a module calls; of several calls of one name the last."""
    (found,) = [node for node in ast.parse(source).body if getattr(node, "name", "") == function]
    calls = [node for node in ast.walk(found) if isinstance(node, ast.Call)]
    return {name: call.lineno for call in sorted(calls, key=lambda one: one.lineno) for name in names(call.func)}


def refuses_before_it_answers(source):
    """Whether the one function that tells the answer of a query looks at the guard's word in between."""
    lines = order_of(source, "post_query")
    return lines["queries.ask"] < lines.get("clearance.covers", 0) < lines["Tampered"] < lines["web.Response"]


def test_the_guards_word_is_looked_at_before_an_answer_to_a_query_leaves():
    source = (ROOT / "gateway/web/api/queries.py").read_text()
    assert refuses_before_it_answers(source)
    assert not refuses_before_it_answers(source.replace("answered.clearance.covers", "bool"))


def takes_the_guards_word(kind):
    """Whether nobody makes one without."""
    (found,) = [one for one in fields(kind) if one.name == "clearance"]
    return found.type == "Clearance" and found.default is found.default_factory is MISSING


@pytest.mark.parametrize("kind", [Parcel, Asked, Answered])
def test_nothing_that_leaves_is_made_without_the_guards_word(kind):
    assert takes_the_guards_word(kind)


def test_control_what_could_do_without_would_be_found():
    loose = make_dataclass("Loose", [("clearance", "Clearance", field(default=None))])
    assert not takes_the_guards_word(loose)


async def test_every_channel_stands_behind_the_check_of_the_guards_word():
    made = make_adapters(kit())
    assert made.keys() == ADAPTERS.keys()
    assert all(type(adapter) is Cleared for adapter in made.values())
    line = make_query_line(kit())
    assert type(line) is ClearedLine
    for adapter in (*made.values(), line):
        await adapter.close()
