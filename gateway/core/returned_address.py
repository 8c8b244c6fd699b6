"""The address of an older federal answer: one text, taken apart where its own mark says how it is written.

Source: one state's production programs (common part of the locate answers, bytes 432 to 666). ``C``: four lines of 40
characters, then 74 for city, state and ZIP code. Where they stand in the 74 is not said; the answers of the national
directory have them at the same bytes of the record, so a text is taken apart only if there is a state and a ZIP code
just there. ``F``: lines that end with a backslash, taken apart if the last one ends in a state and a ZIP code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LINE_LEAVES = ("AddressLine1Text", "AddressLine2Text", "AddressLine3Text")
CITY, STATE, ZIP, EXTENSION = (
    "AddressCityName",
    "AddressStateCode",
    "AddressPostalCode",
    "AddressPostalExtensionCode",
)
_LENGTH, _LINE, _LINES = 234, 40, 4
_CITY, _STATE, _ZIP, _EXTENSION = slice(160, 190), slice(190, 192), slice(192, 197), slice(197, 201)
_STATE_AND_ZIP = re.compile(r"[A-Z]{2}[0-9]{5}", re.ASCII)
_FOUR_DIGITS = re.compile(r"[0-9]{4}", re.ASCII)
_LAST_LINE = re.compile(r"(\S.*?),? +([A-Z]{2}) +([0-9]{5})(?:-?([0-9]{4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TakenApart:
    """The parts of an address, by their elements."""

    leaves: Mapping[str, str]
    whole: bool
    """Whether nothing of the text was left out."""


def taken_apart(text: str, form: str) -> TakenApart | None:
    """The parts of a text; None where it is not as its form says, or the form is none that is known."""
    if form == "C":
        return _in_places(text.ljust(_LENGTH))
    return _in_lines(text) if form == "F" else None


def _in_places(text: str) -> TakenApart | None:
    lines = [text[at : at + _LINE].strip(" ") for at in range(0, _LINE * _LINES, _LINE)]
    city, extension = text[_CITY].strip(" "), text[_EXTENSION]
    if not city or not _STATE_AND_ZIP.fullmatch(text[_STATE] + text[_ZIP]):
        return None
    known = _FOUR_DIGITS.fullmatch(extension) is not None
    rest = text[_EXTENSION.stop :] + ("" if known else extension)
    return _parts(lines, (city, text[_STATE], text[_ZIP], extension if known else ""), whole=rest.isspace())


def _in_lines(text: str) -> TakenApart | None:
    *lines, last = [line for line in (one.strip(" ") for one in text.split("\\")) if line] or [""]
    found = _LAST_LINE.fullmatch(last)
    return _parts(lines, tuple(part or "" for part in found.groups()), whole=True) if found else None


def _parts(lines: Sequence[str], place: Sequence[str], *, whole: bool) -> TakenApart | None:
    """None without a street line: a city alone is no address."""
    filled = [line for line in lines if line]
    if not filled:
        return None
    named = (*zip(LINE_LEAVES, filled, strict=False), *zip((CITY, STATE, ZIP, EXTENSION), place, strict=True))
    return TakenApart({leaf: value for leaf, value in named if value}, whole and len(filled) <= len(LINE_LEAVES))
