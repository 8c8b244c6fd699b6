"""What somebody meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NAMED = 3
LEAST_ALIKE = 0.5
"""Half of the letters: `w5` may have been `w4`."""


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The few known names that are most like this one, the likeliest first; those that hold it, where it is a part."""
    names = {one.casefold(): one for one in sorted(known)}
    wanted = name.strip().casefold()
    alike = [names[one] for one in get_close_matches(wanted, names, MOST_NAMED, LEAST_ALIKE)]
    holding = [one for folded, one in names.items() if len(wanted) > 1 and wanted in folded]
    return tuple(dict.fromkeys([*alike, *holding]))[:MOST_NAMED]


def unknown(what: str, name: str, known: Iterable[str], listed_by: str) -> str:
    """One sentence for who wrote the name: what it may have been, and what lists them all (``gateway formats``)."""
    found = near(name, known)
    meant = f" Did you mean {' or '.join(found)}?" if found else ""
    return f"There is no {what} {name}.{meant} All are listed by {listed_by}."
