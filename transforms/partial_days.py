"""Days of which not every part is known: ``CCYY-MM-DD`` with X for each digit of a part that is not.

The form is that of ISO 8601-2 (unspecified digits), so a day that is known is written as everywhere else.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

_SHAPE = re.compile(r"([0-9]{4}|XXXX)-([0-9]{2}|XX)-([0-9]{2}|XX)", re.ASCII)
_LEAP_YEAR = 2000
_LAST_YEAR = 9998
"""Four nines are a year that is not known."""
_MONTHS, _DAYS = 12, 31


@dataclass(frozen=True, slots=True)
class PartialDay:
    """Four, two and two digits; None for a part that is not known."""

    year: str | None
    month: str | None
    day: str | None

    def __str__(self) -> str:
        return f"{self.year or 'XXXX'}-{self.month or 'XX'}-{self.day or 'XX'}"

    @property
    def possible(self) -> bool:
        """Whether the known parts are those of some day of the calendar."""
        if (self.year and not 1 <= int(self.year) <= _LAST_YEAR) or (
            self.month and not 1 <= int(self.month) <= _MONTHS
        ):
            return False
        last = _DAYS
        if self.month:
            last = monthrange(int(self.year or _LEAP_YEAR), int(self.month))[1]
        return not self.day or 1 <= int(self.day) <= last


def parsed(text: str) -> PartialDay | None:
    """The parts of a day in the canonical form; None for a text of another shape or for no day of the calendar."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    day = PartialDay(*(None if part.startswith("X") else part for part in found.groups()))
    return day if day.possible else None
