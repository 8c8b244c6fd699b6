"""The command line's page names every command, and every command explains itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gateway.cli.application import app
from gateway.cli.exits import Exit

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every command below, with the words that call it. Groups are told by what they hold."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
    else:
        for name, one in below.items():
            yield from commands(one, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_on_the_page(words):
    group, _, name = words.rpartition(" ")
    lines = [line for line in PAGE.splitlines() if f"`gateway {group or name}" in line]
    assert any(name in line for line in lines), words


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_every_parameter_has_a_help_text(words):
    command = COMMANDS[words]
    assert command.help
    assert [one.name for one in command.params if one.name != "help" and not one.help] == []


def test_every_exit_code_is_on_the_page():
    assert all(f"| {code.value} |" in PAGE for code in Exit)
