"""The table of audit actions and the code agree: nothing is written that is not in it, nothing is in it unwritten."""

import ast
from functools import cache
from pathlib import Path

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


def calls(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


@cache
def written():
    """Every text of the code that is not an event of the log."""
    found = set()
    for path in MODULES:
        tree = ast.parse(path.read_text())
        events = {
            id(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and is_log_call(node) and node.args
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in events
        }
    return found


def test_every_action_of_the_table_is_written_somewhere():
    assert set(ACTIONS) - written() == set()


def test_every_entry_that_the_code_makes_names_an_action_of_the_table():
    missing = {}
    for path in MODULES:
        for call in calls(path):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "entry" and len(call.args) > 1:
                unknown = texts(call.args[1]) - set(ACTIONS)
                if unknown:
                    missing[f"{path.relative_to(ROOT)}:{call.lineno}"] = unknown
    assert not missing


def test_an_entry_that_is_changed_afterwards_names_an_action_of_the_table():
    changed = {
        keyword.value.value
        for path in [*MODULES, ROOT / "gateway" / "core" / "acceptance.py"]
        for call in calls(path)
        for keyword in call.keywords
        if keyword.arg == "action" and isinstance(keyword.value, ast.Constant) and "." in str(keyword.value.value)
    }
    assert changed <= set(ACTIONS)
    assert {"record.refused", "record.rerouted"} <= changed


def test_the_scan_finds_what_it_looks_for():
    assert "delivery.dead" in written()
    assert "delivery.failed" not in written(), "an event of the log counted as an action"


def test_actions_are_an_object_and_what_happened_to_it_and_each_says_what_it_means():
    assert all(len(action.split(".")) == 2 and action == action.lower() for action in ACTIONS)
    assert len(set(ACTIONS.values())) == len(ACTIONS)
