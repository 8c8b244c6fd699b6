"""The values of FHIR resources and their canonical texts.

What is known to be unknown stands beside the value as the extension ``data-absent-reason`` (FHIR R4, extensibility); a
day of which FHIR cannot leave out the part that is unknown has the partial-date extension of the vital records library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.resource_table import Form, Member
from transforms.json_text import Number
from transforms.partial_days import PartialDay, parsed
from transforms.resource_steps import Node

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
PARTIAL_DATE = "http://hl7.org/fhir/us/vr-common-library/StructureDefinition/Extension-partial-date-vr"
PARTIAL_DATES = (PARTIAL_DATE, PARTIAL_DATE.replace("-date-vr", "-date-time-vr"))
"""Both are read: which of them a profile has depends on its version."""
UNKNOWN_CODES = ("unknown", "asked-unknown", "temp-unknown")
X, NINE = "X", "9"
_PARTS = (("year", 4), ("month", 2), ("day", 2))
_SHAPES = (4, 7, 10)
"""Lengths of CCYY, CCYY-MM and CCYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value of a resource and the object beside it (``birthDate`` and ``_birthDate``)."""

    value: object = None
    beside: object = None


Read = Callable[[Member, Given], str | None]
Write = Callable[[Member, str], Given | None]
"""Both answer None for what cannot be read or written."""


def extensions(beside: object) -> list[Node]:
    """The extensions of an object, as far as there are any."""
    found = beside.get("extension") if isinstance(beside, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def is_unknown(beside: object) -> bool:
    """Whether a value is marked as not known."""
    return any(one.get("url") == ABSENT and one.get("valueCode") in UNKNOWN_CODES for one in extensions(beside))


def _unknown() -> Node:
    return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def _read_text(_member: Member, given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and given.value else None


def _write_text(_member: Member, text: str) -> Given | None:
    return Given(text)


def _read_code(member: Member, given: Given) -> str | None:
    return next((code for code, value in member.values.items() if value == given.value), None)


def _write_code(member: Member, text: str) -> Given | None:
    return Given(member.values[text]) if text in member.values else None


def _read_number(member: Member, given: Given) -> str | None:
    if given.value is None:
        return X * member.digits if is_unknown(given.beside) else None
    text = given.value.text if isinstance(given.value, Number) else ""
    return text.zfill(member.digits) if _digits(text) and len(text) <= member.digits else None


def _write_number(member: Member, text: str) -> Given | None:
    if text == X * member.digits:
        return Given(beside=_unknown())
    return Given(int(text)) if _digits(text) and len(text) == member.digits else None


def _read_digits(member: Member, given: Given) -> str | None:
    """Nines, which registrars write for a number that is not known, are read so too."""
    unknown = X * member.digits
    if given.value is None:
        return unknown if is_unknown(given.beside) else None
    text = given.value if isinstance(given.value, str) else ""
    if not _digits(text) or len(text) != member.digits:
        return None
    return unknown if text == NINE * member.digits else text


def _write_digits(member: Member, text: str) -> Given | None:
    if text == X * member.digits:
        return Given(beside=_unknown())
    return Given(text) if _digits(text) and len(text) == member.digits and text.strip(NINE) else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _read_day(_member: Member, given: Given) -> str | None:
    text = given.value if given.value is not None else ""
    if not isinstance(text, str) or (text and len(text) not in _SHAPES):
        return None
    parts = dict(zip(("year", "month", "day"), text.split("-"), strict=False)) if text else {}
    for one in extensions(given.beside):
        if one.get("url") in PARTIAL_DATES:
            for name, digits in _PARTS:
                found = _part(one, name, digits)
                if found and parts.setdefault(name, found) != found:
                    return None
    if not parts and not is_unknown(given.beside):
        return None
    day = PartialDay(*(parts.get(name) for name, _ in _PARTS))
    return str(day) if parsed(str(day)) else None


def _part(partial: Node, name: str, digits: int) -> str | None:
    """A part of a partial date; None when it is not known."""
    values = [one.get("valueUnsignedInt") for one in extensions(partial) if one.get("url") == name]
    texts = [value.text.zfill(digits) for value in values if isinstance(value, Number)]
    return texts[0] if texts else None


def _write_day(_member: Member, text: str) -> Given | None:
    day = parsed(text)
    if day is None:
        return None
    if day.year and (day.month or not day.day):
        return Given("-".join(part for part in (day.year, day.month, day.day) if part))
    known = {"year": day.year, "month": day.month, "day": day.day}
    parts = [{"url": name, "valueUnsignedInt": int(value)} for name, value in known.items() if value]
    if not parts:
        return Given(beside=_unknown())
    return Given(day.year, {"extension": [{"extension": parts, "url": PARTIAL_DATE}]})


READERS: Mapping[Form, Read] = {
    Form.TEXT: _read_text,
    Form.CODE: _read_code,
    Form.NUMBER: _read_number,
    Form.DIGITS: _read_digits,
    Form.DAY: _read_day,
}
WRITERS: Mapping[Form, Write] = {
    Form.TEXT: _write_text,
    Form.CODE: _write_code,
    Form.NUMBER: _write_number,
    Form.DIGITS: _write_digits,
    Form.DAY: _write_day,
}
