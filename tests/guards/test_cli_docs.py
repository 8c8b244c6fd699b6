"""The command line's page names every command, and every command explains itself."""

import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from gateway.cli.application import whole
from gateway.cli.branches import BRANCHES
from gateway.cli.examples import EXAMPLES
from gateway.cli.exits import MEANING, Exit

FILES = (".csenet", ".csv", ".json", ".jws", ".pem", ".toml", ".txt", ".x12", ".xml")
"""Ends of the names of files that examples read."""
WITHOUT_JSON = {
    "serve": "it runs until it is told to stop",
    "witness serve": "it runs until it is told to stop",
    "demo": "it tells a story, and runs until it is told to stop",
    "check-config": "what it prints is JSON",
    "receipt keys": "what it prints is JSON: a JWK set",
    "retention certificate": "what it prints is JSON: the certificate as it was signed for",
}
"""Commands whose result cannot be had with --json, and why."""
PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every command below, with the words that call it. Groups are told by what they hold."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
    else:
        for name, one in below.items():
            yield from commands(one, (*path, name))


@pytest.fixture(scope="module")
def every():
    return dict(commands(whole()))


def on_the_page(words):
    group, _, name = words.rpartition(" ")
    return any(name in line for line in PAGE.splitlines() if f"`gateway {group or name}" in line)


def test_every_command_is_on_the_page(every):
    assert [words for words in every if not on_the_page(words)] == []
    assert not on_the_page("keys forge")


def test_every_command_and_every_parameter_has_a_help_text(every):
    assert [words for words, command in every.items() if not command.help] == []
    parameters = [(words, one) for words, command in every.items() for one in command.params if one.name != "help"]
    assert [(words, one.name) for words, one in parameters if not one.help] == []


def without_json(found):
    return {words for words, command in found.items() if not any("--json" in one.opts for one in command.params)}


def test_every_command_that_gives_a_result_gives_it_as_json_too(every):
    assert without_json(every) == set(WITHOUT_JSON)
    assert [words for words in WITHOUT_JSON if f"`gateway {words}`" not in PAGE] == []


def test_the_control_a_command_without_json_is_found(every):
    around = typer.Typer(callback=lambda: None)
    group = typer.Typer()
    group.command("kept")(lambda: None)
    around.add_typer(group, name="group")
    assert without_json({**every, **dict(commands(get_command(around)))}) == {*WITHOUT_JSON, "group kept"}


def test_the_list_of_commands_says_of_each_what_its_own_help_says():
    own = {name: " ".join(one.help.split("\n\n")[0].split()) for name, one in whole().commands.items()}
    assert {name: branch.help for name, branch in BRANCHES.items()} == own


def test_every_command_of_a_module_is_in_the_list():
    """A command that a module registers and that the table does not name could not be called."""
    modules = {branch.module for branch in BRANCHES.values() if branch.group is None}
    registered = set()
    for module in modules:
        around = typer.Typer(callback=lambda: None)
        import_module(f"gateway.cli.{module}").register(around)
        registered |= set(get_command(around).commands)
    assert registered == {name for name, branch in BRANCHES.items() if branch.group is None}


def test_every_exit_code_is_on_the_page():
    assert all(f"| {code.value} | {MEANING[code]} |" in PAGE for code in Exit)


def test_every_command_has_an_example_and_no_example_is_of_another(every):
    assert set(EXAMPLES) == set(every)


def test_every_example_is_understood_and_shown_with_the_help(every, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words, command in every.items():
        for example in EXAMPLES[words]:
            arguments = shlex.split(example)
            for name in (one for one in arguments if one.endswith(FILES)):
                Path(name).touch()
            asked = [part for one in command.params if getattr(one, "prompt", None) for part in (one.opts[0], "typed")]
            with command.make_context(words, [*arguments, *asked]):
                assert f"gateway {words} {example}".rstrip() in command.epilog.split("\n\n")
                assert "Exit codes" in command.epilog


def test_an_example_that_the_command_does_not_understand_is_found(every):
    """The control."""
    with pytest.raises(Exception, match="No such option"):
        every["doctor"].make_context("doctor", ["--quickly"])
