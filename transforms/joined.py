"""A person's name in one field: ``LAST, FIRST M``.

Reading cuts at the first comma and takes a last word of one letter as the middle initial. Writing puts the parts
together again; a name that would read back differently cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping

SURNAME, GIVEN, MIDDLE = "PersonSurName", "PersonGivenName", "PersonMiddleName"
PARTS = (GIVEN, MIDDLE, SURNAME)


def split(text: str) -> dict[str, str]:
    """The parts of a name; those that are not there are absent."""
    surname, _, rest = text.partition(",")
    given, _, last = rest.strip(" ").rpartition(" ")
    if not given or len(last) > 1:
        given, last = rest.strip(" "), ""
    parts = {GIVEN: given.rstrip(" "), MIDDLE: last, SURNAME: surname.strip(" ")}
    return {name: value for name, value in parts.items() if value}


def join(parts: Mapping[str, str]) -> str | None:
    """The name in one field, the middle name as an initial; None when it would not read back so."""
    surname, given, middle = parts.get(SURNAME, ""), parts.get(GIVEN, ""), parts.get(MIDDLE, "")[:1]
    text = f"{surname}, {given} {middle}".rstrip(" ")
    text = text if given else text.rstrip(", ")
    kept = {GIVEN: given, MIDDLE: middle, SURNAME: surname}
    return text if split(text) == {name: value for name, value in kept.items() if value} else None
