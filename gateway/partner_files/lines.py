"""Where a key stands in a TOML document: tomllib gives values without lines, and errors must name the line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\".]+)\s*=")

Place = tuple[str | int, ...]


def line_index(text: str) -> Mapping[Place, int]:
    """Path of keys and list positions -> 1-based line, for tables and for keys at the start of a line."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.match(line)
        if header:
            table = _table_place(header.group(1), header.group(2), counts)
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            lines.setdefault((*table, *_parts(key.group(1))), number)
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _table_place(bracket: str, dotted: str, counts: dict[Place, int]) -> Place:
    """The place of a table header; the elements of an array of tables are numbered as they come."""
    place: Place = ()
    parts = _parts(dotted)
    for depth, part in enumerate(parts):
        place = (*place, part)
        is_last = depth == len(parts) - 1
        if is_last and bracket == "[[":
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def line_of(lines: Mapping[Place, int], place: Sequence[str | int]) -> int | None:
    """The line of a place, or of the closest thing around it."""
    for end in range(len(place), 0, -1):
        found = lines.get(tuple(place[:end]))
        if found is not None:
            return found
    return None
