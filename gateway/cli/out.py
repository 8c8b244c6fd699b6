"""What the command line prints: tables and JSON on stdout, words and progress on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")
"""A time of the API."""
UNBOUNDED = 1_000
"""Columns where no terminal sets a limit."""


def say(text: str) -> None:
    """A sentence for people."""
    print(text, file=sys.stderr)


def put(value: object) -> None:
    """One JSON document for programs."""
    print(json.dumps(value, indent=2, default=str))


def stdout() -> Console:
    from rich.console import Console  # noqa: PLC0415 - rich costs 30 ms that --help must not pay

    # In a file or a pipe nothing is folded, so that ids can be cut out.
    return Console(highlight=False, width=None if sys.stdout.isatty() else UNBOUNDED)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; ``-`` stands for nothing."""
    from rich.markup import escape  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - rich costs 30 ms that --help must not pay

    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(escape(worded(cell)) for cell in row))
    stdout().print(shown)


def facts(values: Mapping[str, object]) -> None:
    """Names and values, one a line."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        print(f"{name:<{width}}  {worded(value)}")


def worded(value: object) -> str:
    """A value for people: times to the second with their zone, ``-`` for nothing."""
    if value in (None, [], {}):
        return "-"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    text = str(value)
    told = _TIME.fullmatch(text)
    return f"{told[1]} {told[2]}Z" if told else text


def tell(sentence: str, told: Mapping[str, object], *, json: bool) -> None:
    """What a command did: a sentence for people and, when they are asked for, its facts for programs."""
    say(sentence)
    if json:
        put(told)


@dataclass(frozen=True, slots=True)
class Bar:
    """How far a long work is."""

    _shown: Progress
    _task: TaskID

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._shown.advance(self._task, count)

    def reach(self, number: int) -> None:
        """So many are done in all."""
        self._shown.update(self._task, completed=number)


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Bar]:
    """A progress bar on stderr; silent when stderr is not a terminal. ``total`` is None where nobody knows it."""
    from rich.console import Console  # noqa: PLC0415 - rich costs 30 ms that --help must not pay
    from rich.progress import Progress  # noqa: PLC0415 - as above

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        yield Bar(shown, shown.add_task(description, total=total))
