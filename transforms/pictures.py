"""How one fixed-width field is read and written: a pair of functions for each picture.

A reader gets the field's text over its full length, not blank, printable ASCII; it answers None when the text does not
fit the picture. A writer gets a canonical value and the length; it answers None when the value cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Picture
from gateway.core.model import RuleCode

Read = Callable[[str], str | None]
Write = Callable[[str, int], str | None]

MONEY_LENGTH = 12
_CENTS = 3
_DATE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Codec:
    read: Read | None
    """None: the text without its spaces at the end is the value."""
    write: Write
    fault: RuleCode
    """What a field that cannot be read is reported as."""


def _write_text(value: str, length: int) -> str | None:
    return value.ljust(length) if len(value) <= length and value.isascii() and value.isprintable() else None


def _read_digits(text: str) -> str | None:
    return text if text.isdecimal() else None


def _write_digits(value: str, length: int) -> str | None:
    return value if len(value) == length and value.isascii() and value.isdecimal() else None


def _read_date(text: str) -> str | None:
    if not text.isdecimal():
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _write_date(value: str, length: int) -> str | None:
    text = f"{value[:4]}{value[5:7]}{value[8:]}"
    return text if len(text) == length and _read_date(text) == value else None


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


CODECS: Mapping[Picture, Codec] = {
    Picture.TEXT: Codec(None, _write_text, RuleCode("FIX-CHARACTER")),
    Picture.DIGITS: Codec(_read_digits, _write_digits, RuleCode("FIX-DIGITS")),
    Picture.COUNT: Codec(_read_digits, _write_digits, RuleCode("FIX-DIGITS")),
    Picture.DATE: Codec(_read_date, _write_date, RuleCode("FIX-DATE")),
    Picture.TIME: Codec(_read_time, _write_time, RuleCode("FIX-TIME")),
    Picture.MONEY: Codec(_read_money, _write_money, RuleCode("FIX-MONEY")),
}


def is_zero_date(picture: Picture, text: str) -> bool:
    """Whether a date is written as zeros, which the exchange reads as no date (csenet.md, section 2)."""
    return picture is Picture.DATE and text == "0" * _DATE_LENGTH
