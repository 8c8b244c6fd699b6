"""What the README tells people to run and to read exists."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.cli.application import whole

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
GATEWAY = re.compile(r"(?:^|[`/ ])gateway ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)", re.MULTILINE)
FILES = re.compile(
    r"`((?:[\w.-]+/)*[\w-]+\.(?:md|py|toml|yml|xsd|csenet|xml|json|csv|w4|png))`|\]\((?!https?:|#)([^)#]+)"
)
FENCES = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)


def code():
    """Fenced blocks and inline code: the places where commands stand."""
    return "\n".join([*FENCES.findall(README), *re.findall(r"`([^`\n]+)`", README)])


def test_the_readme_says_something():
    assert README.strip()


def test_its_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    assert set(MAKE.findall(code())) <= targets
    assert {"demo", "test"} <= set(MAKE.findall(code())), "the two commands"


def test_its_commands_exist():
    known = whole()
    for words in GATEWAY.findall(code()):
        first, _, second = words.partition(" ")
        command = known.commands.get(first)
        assert command is not None, f"gateway {first}"
        if second and hasattr(command, "commands"):
            assert second in command.commands, f"gateway {words}"


def test_the_files_that_it_names_exist():
    for quoted, linked in FILES.findall(README):
        name = quoted or linked
        found = (ROOT / name).exists() or list(ROOT.glob(f"docs/{name}")) or list(ROOT.glob(f"examples/{name}"))
        assert found, name
