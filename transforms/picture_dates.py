"""Days, months and quarters of fixed-width fields. All are read to one canonical form each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from gateway.core.catalog import Picture

DAYS = 2**15
"""Days kept ready, about ninety years of them: those of one file are few, however many records it has."""
PIVOT = 70
"""Two-digit years from here on are of the twentieth century."""

_EVERY_YEAR = {f"{day:%m%d}": f"{day:-%m-%d}" for day in (date(1999, 1, 1) + timedelta(n) for n in range(365))}
"""Month and day of every day but the 29th of February, as they are written after the year."""
_YEARS = frozenset(f"{year:04d}" for year in range(1800, 2200))
"""Years that are looked up as well."""
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """``length``: of the field. ``take`` and ``give`` translate texts of the right characters; what they make is
    accepted only when it translates back to the same text."""

    length: int
    take: Callable[[str], str | None]
    give: Callable[[str], str | None]

    def read(self, text: str) -> str | None:
        value = self.take(text) if len(text) == self.length and text.isascii() else None
        return value if value is not None and self.give(value) == text else None

    def write(self, value: str, length: int) -> str | None:
        text = self.give(value) if length == self.length and value.isascii() else None
        return text if text is not None and self.take(text) == value else None


@lru_cache(maxsize=DAYS)
def read_date(text: str) -> str | None:
    """CCYYMMDD. Days that every year has are looked up; the others are left to the calendar."""
    year, day = text[:4], _EVERY_YEAR.get(text[4:])
    if day is not None and year in _YEARS:
        return year + day
    if not (text.isdecimal() and text.isascii()):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def write_date(value: str, length: int) -> str | None:
    text = f"{value[:4]}{value[5:7]}{value[8:]}"
    return text if len(text) == length and read_date(text) == value else None


def _century(two: str) -> str:
    return f"{'19' if int(two) >= PIVOT else '20'}{two}"


def _calendar(cut: Callable[[str], str], shape: str) -> tuple[Callable[[str], str | None], Callable[[str], str | None]]:
    """From how a text becomes CCYYMMDD, and how the parts y (two digits), Y (four), m and d are written."""

    def take(text: str) -> str | None:
        right = _DAY.fullmatch(text) if "-" in shape else text.isdecimal()
        return read_date(cut(text)) if right else None

    def give(value: str) -> str | None:
        found = _DAY.fullmatch(value)
        parts = {"Y": found[1], "y": found[1][2:], "m": found[2], "d": found[3]} if found else {}
        return "".join(parts.get(letter, letter) for letter in shape) if found else None

    return take, give


def _take_day_of_year(text: str) -> str | None:
    if not text.isdecimal():
        return None
    year, day = int(text[:-3] if len(text) > 5 else _century(text[:-3])), int(text[-3:])  # noqa: PLR2004 - CCYYDDD
    if not (1 <= year <= date.max.year and day):
        return None
    found = date(year, 1, 1).toordinal() + day - 1
    if found > date.max.toordinal():
        return None
    answer = date.fromordinal(found)
    return answer.isoformat() if answer.year == year else None


def _give_day_of_year(value: str) -> str | None:
    try:
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None
    return f"{day.year:04d}{(day - date(day.year, 1, 1)) // timedelta(1) + 1:03d}" if day else None


def _give_short_day_of_year(value: str) -> str | None:
    text = _give_day_of_year(value)
    return text[2:] if text else None


def _take_month(text: str) -> str | None:
    return f"{text[:4]}-{text[4:]}" if text.isdecimal() and read_date(f"{text}01") else None


def _give_month(value: str) -> str | None:
    found = _MONTH.fullmatch(value)
    return f"{found[1]}{found[2]}" if found else None


def _take_quarter(text: str) -> str | None:
    return f"{text[:4]}-Q{text[4]}" if text.isdecimal() and text[4] in "1234" else None


def _give_quarter(value: str) -> str | None:
    found = _QUARTER.fullmatch(value)
    return f"{found[1]}{found[2]}" if found else None


def _take_quarter_first(text: str) -> str | None:
    return _take_quarter(f"{text[1:]}{text[0]}")


def _give_quarter_first(value: str) -> str | None:
    found = _QUARTER.fullmatch(value)
    return f"{found[2]}{found[1]}" if found else None


DATES: Mapping[Picture, Form] = {
    Picture.DATE_MDCY: Form(8, *_calendar(lambda t: t[4:] + t[:4], "mdY")),
    Picture.DATE_MDY: Form(6, *_calendar(lambda t: _century(t[4:]) + t[:4], "mdy")),
    Picture.DATE_YMD: Form(6, *_calendar(lambda t: _century(t[:2]) + t[2:], "ymd")),
    Picture.DATE_DASHED: Form(10, *_calendar(lambda t: t.replace("-", ""), "Y-m-d")),
    Picture.DATE_YDAY: Form(5, _take_day_of_year, _give_short_day_of_year),
    Picture.DATE_CYDAY: Form(7, _take_day_of_year, _give_day_of_year),
    Picture.MONTH: Form(6, _take_month, _give_month),
    Picture.QUARTER: Form(5, _take_quarter, _give_quarter),
    Picture.QUARTER_FIRST: Form(5, _take_quarter_first, _give_quarter_first),
}
"""All but CCYYMMDD, which has functions of its own because every record has several."""
