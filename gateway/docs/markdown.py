"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a bar in a cell is escaped, an empty or absent value stays empty."""
    lines = [_line(columns), "|" + "---|" * len(columns), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def code(value: object) -> str:
    """The value as code; nothing for nothing."""
    return f"`{value}`" if value not in (None, "") else ""


def _line(cells: Sequence[object]) -> str:
    return "".join(f"| {'' if cell is None else str(cell).replace('|', chr(92) + '|')} " for cell in cells) + "|"
