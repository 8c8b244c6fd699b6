"""Numbers and amounts of fixed-width fields: zero-filled, with implied decimals, with an overpunched sign, packed.

The overpunch is the usual one of zoned decimals in character form: the last digit 0 to 9 is ``{ABCDEFGHI`` when the
number is positive and ``}JKLMNOPQR`` when it is negative; a plain digit there is positive too.

Packed decimals have two digits a byte and the sign in the last half byte: ``C`` or ``F``, and ``C`` is written.
Negative ones are not read, as no layout has any: ``D`` after a zero would be the byte of a line end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

POSITIVE, NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_WHOLE = re.compile(r"(-?)(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)\.([0-9]{2})", re.ASCII)
_PACKED_SIGNS, _PACKED_SIGN = "cf", "c"
_PUNCHED = re.compile(r"[0-9]*[0-9{}A-R]", re.ASCII)


def read_number(text: str) -> str | None:
    return (text.lstrip("0") or "0") if text.isdecimal() else None


def write_number(value: str, length: int) -> str | None:
    found = _WHOLE.fullmatch(value)
    return value.zfill(length) if found and not found[1] and len(value) <= length else None


def read_cents(text: str) -> str | None:
    return _with_point(text) if text.isdecimal() else None


def write_cents(value: str, length: int) -> str | None:
    found = _DECIMAL.fullmatch(value)
    digits = f"{found[2]}{found[3]}".lstrip("0").zfill(length) if found and not found[1] else ""
    return digits if len(digits) == length else None


def _with_point(digits: str) -> str:
    padded = digits.zfill(3)
    return f"{padded[:-2].lstrip('0') or '0'}.{padded[-2:]}"


@dataclass(frozen=True, slots=True)
class Zoned:
    """Digits with an overpunched sign; ``cents``: the last two are decimals."""

    cents: bool

    def read(self, text: str) -> str | None:
        if not _PUNCHED.fullmatch(text):
            return None
        last = text[-1]
        sign = "-" if last in NEGATIVE else ""
        punch = NEGATIVE if sign else POSITIVE
        digits = text if last.isdecimal() else f"{text[:-1]}{punch.index(last)}"
        value = _with_point(digits) if self.cents else digits.lstrip("0") or "0"
        return f"{sign}{value}" if digits.strip("0") else value

    def write(self, value: str, length: int) -> str | None:
        found = (_DECIMAL if self.cents else _WHOLE).fullmatch(value)
        if found is None:
            return None
        digits = "".join(found.groups()[1:]).lstrip("0").zfill(length)
        if len(digits) != length or (found[1] and not digits.strip("0")):
            return None
        return f"{digits[:-1]}{(NEGATIVE if found[1] else POSITIVE)[int(digits[-1])]}"


ZONED, ZONED_CENTS = Zoned(cents=False), Zoned(cents=True)


def read_packed(text: str) -> str | None:
    """The number of a text of one character a byte."""
    halves = "".join(f"{ord(byte):02x}" for byte in text)
    digits, sign = halves[:-1], halves[-1:]
    return (
        (digits.lstrip("0") or "0")
        if len(halves) == 2 * len(text) and digits.isdecimal() and sign in _PACKED_SIGNS
        else None
    )


def write_packed(value: str, length: int) -> str | None:
    """The bytes of a number, one character each."""
    digits = write_number(value, 2 * length - 1)
    return None if digits is None else bytes.fromhex(f"{digits}{_PACKED_SIGN}").decode("latin-1")
