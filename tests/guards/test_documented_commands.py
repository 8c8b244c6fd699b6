"""Every `gateway ...` and `gateway-verify ...` that the documents tell people to type is one that the programs take."""

from __future__ import annotations

import re
import shlex
from itertools import product
from pathlib import Path

import pytest

from gateway.cli.application import whole

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/formats/*.md")])
PROGRAM = whole()
HISTORY = {"CHANGELOG.md", "design.md"}
"""What was true on its day."""
FENCES = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SHELLS = {"", "sh", "bash", "console"}
INLINE = re.compile(r"`(gateway [^`]+)`")
STARTS = re.compile(r"(?:^|\$\s|&&\s*|;\s*|\|\s|\$\()\s*(gateway .*)$")
ENDS = re.compile(r"\s(?:#|<|>|2>|\||&&|;).*$")
ELLIPSIS = ("...", "…")


def written(page):
    """(command as written, whether it stands in a block: there it has to be whole)."""
    text = page.read_text(encoding="utf-8")
    for shell, block in FENCES.findall(text):
        if shell in SHELLS:
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                if start := STARTS.search(line):
                    yield ENDS.sub("", start[1]), True
    for line in INLINE.findall(FENCES.sub("", text)):
        yield line, False


def spelled(line):
    """The command lines that one way of writing means: `a|b` is either, what stands in brackets may be given."""
    for mark in ELLIPSIS:
        line = line.replace(mark, "")
    words = shlex.split(re.sub(r"[\[\]]", "", line), comments=True)[1:]
    yield from product(
        *([*word.split("|")] if re.fullmatch(r"-?[\w-]+(\|[\w-]+)+", word) else [word] for word in words)
    )


def fault(words, *, whole):
    """Why the program would not take the words; None: it would."""
    command, called, words = PROGRAM, [], list(words)
    if words[:1] == ["--config"]:
        del words[:2]
    while hasattr(command, "commands"):
        if not words:
            return "a command of the group is missing" if whole else None
        below = command.commands.get(words[0])
        if below is None:
            return None if words[0].startswith("-") else f"no command {words[0]}"
        command = below
        called.append(words.pop(0))
    context = command.context_class(command, info_name=" ".join(called))
    try:
        given, left, _ = command.make_parser(context).parse_args(words)
    except Exception as error:  # noqa: BLE001 - click's and typer's own copies of it have classes of their own
        return str(getattr(error, "message", error))
    if left:
        return f"too many arguments: {left}"
    missing = [one.name for one in command.params if one.required and not given.get(one.name)]
    return f"missing: {missing}" if whole and missing else None


COMMANDS = sorted(
    {(page.name, line, whole) for page in PAGES if page.name not in HISTORY for line, whole in written(page)}
)


@pytest.mark.parametrize("page", sorted({page for page, _, _ in COMMANDS}))
def test_every_documented_command_is_one_that_the_program_takes(page):
    faults = {
        " ".join(words): found
        for name, line, whole in COMMANDS
        if name == page
        for words in spelled(line)
        if (found := fault(words, whole=whole))
    }
    assert faults == {}


def test_the_documents_show_many_commands_in_blocks():
    assert sum(whole for _, _, whole in COMMANDS) >= 10


@pytest.mark.parametrize(
    "line", ["gateway vaildate FILE", "gateway validate FILE --htlm PAGE", "gateway convert FILE", "gateway layout"]
)
def test_the_control_a_command_that_is_none_is_found(line):
    assert any(fault(words, whole=True) for words in spelled(line))
