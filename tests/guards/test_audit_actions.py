"""The table of audit actions and the code agree: nothing is written that is not in it, nothing is in it unwritten."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gateway.core.audit_entry import ACTIONS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "gateway" / "core" / "audit_entry.py"
MODULES = sorted(path for path in (ROOT / "gateway").rglob("*.py") if path != TABLE)
LOGGERS = {"log", "_log"}


def is_log_call(node):
    function = node.func
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in LOGGERS


def texts(node):
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


class Reading(NamedTuple):
    texts: frozenset[str]
    """Every text that is not an event of the log."""
    entries: tuple[tuple[int, frozenset[str]], ...]
    """Line of each call that makes an entry, and the actions that it may name."""
    changes: frozenset[str]
    """What a call says of an action by its name."""


@cache
def read(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    events = {id(call.args[0]) for call in calls if is_log_call(call) and call.args}
    constants = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return Reading(
        frozenset(one.value for one in constants if id(one) not in events),
        tuple(
            (call.lineno, frozenset(texts(call.args[1])))
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr == "entry" and len(call.args) > 1
        ),
        frozenset(
            str(keyword.value.value)
            for call in calls
            for keyword in call.keywords
            if keyword.arg == "action" and isinstance(keyword.value, ast.Constant)
        ),
    )


def written():
    """Every text of the code that is not an event of the log."""
    return frozenset().union(*(read(path).texts for path in MODULES))


def test_every_action_of_the_table_is_written_somewhere():
    assert set(ACTIONS) - written() == set()


def test_every_entry_that_the_code_makes_names_an_action_of_the_table():
    missing = {
        f"{path.relative_to(ROOT)}:{line}": unknown
        for path in MODULES
        for line, named in read(path).entries
        if (unknown := named - set(ACTIONS))
    }
    assert not missing


def test_an_entry_that_is_changed_afterwards_names_an_action_of_the_table():
    said = frozenset().union(*(read(path).changes for path in [*MODULES, ROOT / "gateway" / "core" / "acceptance.py"]))
    changed = {action for action in said if "." in action}
    assert changed <= set(ACTIONS)
    assert {"record.refused", "record.rerouted"} <= changed


def test_the_scan_finds_what_it_looks_for():
    assert "delivery.dead" in written()
    assert "delivery.failed" not in written(), "an event of the log counted as an action"


def test_actions_are_an_object_and_what_happened_to_it_and_each_says_what_it_means():
    assert all(len(action.split(".")) == 2 and action == action.lower() for action in ACTIONS)
    assert len(set(ACTIONS.values())) == len(ACTIONS)
