"""How one fixed-width field is read and written: a pair of functions for each picture.

A reader gets the field's text over its full length, not blank, printable ASCII; it answers None when the text does not
fit the picture. A writer gets a canonical value and the length; it answers None when the value cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.catalog import Picture
from gateway.core.model import RuleCode
from transforms.picture_amounts import (
    ZONED,
    ZONED_CENTS,
    read_cents,
    read_number,
    read_packed,
    write_cents,
    write_number,
    write_packed,
)
from transforms.picture_dates import DATES, read_date, write_date

Read = Callable[[str], str | None]
Write = Callable[[str, int], str | None]

MONEY_LENGTH = 12
_CENTS = 3
NINE, UNKNOWN = "9", "X"
"""A digit that is not known, in a record and in the canonical form (as in ISO 8601-2)."""


@dataclass(frozen=True, slots=True)
class Codec:
    read: Read | None
    """None: the text without its spaces at the end is the value."""
    write: Write
    fault: RuleCode
    """What a field that cannot be read is reported as."""


def _write_text(value: str, length: int) -> str | None:
    return value.ljust(length) if len(value) <= length and value.isascii() and value.isprintable() else None


def read_digits(text: str) -> str | None:
    """The text itself; :mod:`transforms.usual` therefore asks all such fields of a record at once."""
    return text if text.isdecimal() else None


def _write_digits(value: str, length: int) -> str | None:
    return value if len(value) == length and value.isascii() and value.isdecimal() else None


def _read_time(text: str) -> str | None:
    if text.isdecimal() and text[:2] < "24" and text[2:4] < "60" and text[4:] < "60":
        return f"{text[:2]}:{text[2:4]}:{text[4:]}"
    return None


def _write_time(value: str, length: int) -> str | None:
    text = value.replace(":", "")
    return text if len(text) == length and value.isascii() and _read_time(text) == value else None


def _read_money(text: str) -> str | None:
    dollars, cents = text[1:9], text[10:]
    if text[0] not in "+-" or text[9] != "." or not (dollars.isdecimal() and cents.isdecimal()):
        return None
    return f"{'-' if text[0] == '-' else ''}{dollars.lstrip('0') or '0'}.{cents}"


def _write_money(value: str, length: int) -> str | None:
    sign, amount = ("-", value[1:]) if value.startswith("-") else ("+", value)
    text = f"{sign}{amount.zfill(MONEY_LENGTH - 1)}"
    good = len(text) == length and amount.isascii() and amount[-_CENTS : -_CENTS + 1] == "."
    return text if good and _read_money(text) is not None else None


def _read_marked(text: str) -> str | None:
    if not text.isdecimal():
        return None
    return UNKNOWN * len(text) if text == NINE * len(text) else text


def _write_marked(value: str, length: int) -> str | None:
    if value == UNKNOWN * length:
        return NINE * length
    return _write_digits(value, length) if value != NINE * length else None


_TEXT = Codec(None, _write_text, RuleCode("FIX-CHARACTER"))
_DIGITS = Codec(read_digits, _write_digits, RuleCode("FIX-DIGITS"))
_MARKED = Codec(_read_marked, _write_marked, RuleCode("FIX-DIGITS"))

CODECS: Mapping[Picture, Codec] = {
    Picture.TEXT: _TEXT,
    Picture.PERSON_NAME: _TEXT,
    Picture.DIGITS: _DIGITS,
    Picture.COUNT: _DIGITS,
    Picture.DATE: Codec(read_date, write_date, RuleCode("FIX-DATE")),
    Picture.TIME: Codec(_read_time, _write_time, RuleCode("FIX-TIME")),
    Picture.MONEY: Codec(_read_money, _write_money, RuleCode("FIX-MONEY")),
    Picture.MARKED_DIGITS: _MARKED,
    Picture.DAY_YEAR: _MARKED,
    Picture.DAY_MONTH: _MARKED,
    Picture.DAY_DAY: _MARKED,
    Picture.NUMBER: Codec(read_number, write_number, RuleCode("FIX-DIGITS")),
    Picture.CENTS: Codec(read_cents, write_cents, RuleCode("FIX-DIGITS")),
    Picture.ZONED: Codec(ZONED.read, ZONED.write, RuleCode("FIX-ZONED")),
    Picture.ZONED_CENTS: Codec(ZONED_CENTS.read, ZONED_CENTS.write, RuleCode("FIX-ZONED")),
    Picture.PACKED: Codec(read_packed, write_packed, RuleCode("FIX-PACKED")),
    **{picture: Codec(form.read, form.write, RuleCode("FIX-PERIOD")) for picture, form in DATES.items()},
}

_DAYS = frozenset({Picture.DATE, *DATES})


def is_zero_date(picture: Picture, text: str) -> bool:
    """Whether a date is written as zeros, which the exchange reads as no date."""
    return picture in _DAYS and not text.strip("0")


def flag(constant: str) -> Codec:
    """The codec of a field that holds ``constant`` or nothing."""

    def read(text: str) -> str | None:
        return "Y" if text.rstrip(" ") == constant else None

    def write(value: str, length: int) -> str | None:
        return {"Y": constant.ljust(length), "N": " " * length}.get(value)

    return Codec(read, write, RuleCode("FIX-CONSTANT"))
