"""How one element of X12 is read and written: a pair of functions for each form.

A reader gets what stands between two separators, not empty; it answers None when that does not have the form. A writer
gets a canonical value and answers None when the form cannot say it. Sizes and codes are checked by the callers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.catalog import Picture
from gateway.core.model import RuleCode
from gateway.core.x12_set import Form
from transforms.picture_dates import DATES, read_date, write_date

X12_NUMBER = RuleCode("X12-NUMBER")
X12_DATE = RuleCode("X12-DATE")
X12_TIME = RuleCode("X12-TIME")
X12_POSTAL = RuleCode("X12-POSTAL")

DAY, PERIOD = "D8", "RD8"
_NUMBER = re.compile(r"-?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9])(?:([0-5][0-9])(?:[0-9]{1,2})?)?", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])", re.ASCII)
_ZIP, _EXTENSION = 5, 4
_DAY_LENGTH = 8

Pair = tuple[str, str | None]
"""A value, and the second one that some forms have."""


@dataclass(frozen=True, slots=True)
class Codec:
    read: Callable[[str], Pair | None]
    write: Callable[[str, str | None], str | None]
    fault: RuleCode


def _as_it_stands(
    pattern: re.Pattern[str],
) -> tuple[Callable[[str], Pair | None], Callable[[str, str | None], str | None]]:
    def read(text: str) -> Pair | None:
        return (text, None) if pattern.fullmatch(text) else None

    def write(value: str, _second: str | None) -> str | None:
        return value if pattern.fullmatch(value) else None

    return read, write


def _read_text(text: str) -> Pair | None:
    return text.rstrip(" "), None


def _write_text(value: str, _second: str | None) -> str | None:
    return value


def _read_day(text: str) -> Pair | None:
    day = read_date(text) if len(text) == _DAY_LENGTH and text.isascii() else None
    return (day, None) if day else None


def _write_day(value: str, _second: str | None) -> str | None:
    return write_date(value, _DAY_LENGTH) if value.isascii() else None


def _read_short_day(text: str) -> Pair | None:
    day = DATES[Picture.DATE_YMD].read(text)
    return (day, None) if day else None


def _write_short_day(value: str, _second: str | None) -> str | None:
    return DATES[Picture.DATE_YMD].write(value, 6)


def _read_time(text: str) -> Pair | None:
    found = _TIME.fullmatch(text)
    return (f"{found[1]}:{found[2]}:{found[3] or '00'}", None) if found else None


def _write_time(value: str, _second: str | None) -> str | None:
    found = _CLOCK.fullmatch(value)
    if not found:
        return None
    return f"{found[1]}{found[2]}" if found[3] == "00" else f"{found[1]}{found[2]}{found[3]}"


def _read_period(text: str) -> Pair | None:
    first, hyphen, last = text.partition("-")
    begin, end = _read_day(first), _read_day(last) if hyphen else None
    if begin is None or (hyphen and (end is None or end[0] < begin[0])):
        return None
    return begin[0], end[0] if end else None


def _write_period(value: str, second: str | None) -> str | None:
    first = _write_day(value, None)
    if second is None or first is None:
        return first
    last = _write_day(second, None)
    return f"{first}-{last}" if last and last >= first else None


def _read_postal(text: str) -> Pair | None:
    if not (text.isascii() and text.isdecimal() and len(text) in (_ZIP, _ZIP + _EXTENSION)):
        return None
    return text[:_ZIP], text[_ZIP:] or None


def _write_postal(value: str, second: str | None) -> str | None:
    text = f"{value}{second or ''}"
    return text if len(value) == _ZIP and _read_postal(text) == (value, second) else None


CODECS: Mapping[Form, Codec] = {
    Form.TEXT: Codec(_read_text, _write_text, RuleCode("X12-CHARACTER")),
    Form.NUMBER: Codec(*_as_it_stands(_NUMBER), X12_NUMBER),
    Form.DECIMAL: Codec(*_as_it_stands(_DECIMAL), X12_NUMBER),
    Form.DATE: Codec(_read_day, _write_day, X12_DATE),
    Form.SHORT_DATE: Codec(_read_short_day, _write_short_day, X12_DATE),
    Form.TIME: Codec(_read_time, _write_time, X12_TIME),
    Form.PERIOD_FORM: Codec(_read_text, _write_text, X12_DATE),
    Form.PERIOD: Codec(_read_period, _write_period, X12_DATE),
    Form.POSTAL: Codec(_read_postal, _write_postal, X12_POSTAL),
    Form.QUALIFIER: Codec(_read_text, _write_text, RuleCode("X12-CHARACTER")),
}


def period_form(text: str) -> str:
    """What stands before a period of this form."""
    return PERIOD if "-" in text else DAY


def is_day(text: str) -> bool:
    return _read_day(text) is not None


def is_short_day(text: str) -> bool:
    return _read_short_day(text) is not None


def is_time(text: str) -> bool:
    return _read_time(text) is not None
