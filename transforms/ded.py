"""The DED segment: what a support payment says of itself, in up to 80 characters of variable length.

``DED*CS*case*YYMMDD*amount*ssn*Y*NAME*fips*Y\\``: ``*`` separates, ``\\`` ends, an omitted element keeps its ``*``.
Source: NACHA, child support application banking convention (CCD+). Spaces at the end of an element do not count, so
that the full-width rendering of one state is read too; elements at the end may be left out with their ``*`` (X12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.catalog import Need, Picture
from gateway.core.model import RuleCode, Severity
from transforms.picture_amounts import read_cents, write_cents
from transforms.picture_dates import DATES, read_date

DED_SEGMENT = RuleCode("DED-SEGMENT")
DED_TERMINATOR = RuleCode("DED-TERMINATOR")
DED_ELEMENTS = RuleCode("DED-ELEMENTS")
DED_ELEMENT = RuleCode("DED-ELEMENT")
DED_ELEMENT_MISSING = RuleCode("DED-ELEMENT-MISSING")
DED_DATE_LONG = RuleCode("DED-DATE-LONG")

NAME, SEPARATOR, TERMINATOR = "DED", "*", "\\"
LONG_DATE = 8
MOST_CENTS = 10

_DAY = DATES[Picture.DATE_YMD]
_Take = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Element:
    """One element; ``take`` and ``give`` translate to the canonical form and back, None: it cannot be.

    ``least`` and ``most``: characters in the segment.
    """

    name: str
    path: str
    least: int
    most: int
    required: Need
    take: _Take
    give: _Take


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong in one place of a segment; ``start`` is 1-based, counted in the segment."""

    rule: RuleCode
    element: str | None = None
    path: str | None = None
    start: int = 1
    length: int = 1
    severity: Severity = Severity.ERROR
    note: str | None = None


def _same(text: str) -> str | None:
    return text


def _digits(text: str) -> str | None:
    return text if text.isdecimal() else None


def _take_day(text: str) -> str | None:
    return read_date(text) if len(text) == LONG_DATE else _DAY.read(text)


def _give_day(value: str) -> str | None:
    return _DAY.write(value, _DAY.length)


def _give_amount(value: str) -> str | None:
    digits = write_cents(value, MOST_CENTS)
    return None if digits is None else digits.lstrip("0") or "0"


def _take_end(text: str) -> str | None:
    return text if text == "Y" else None


def _give_end(value: str) -> str | None:
    return {"Y": "Y", "N": ""}.get(value)


ELEMENTS: tuple[Element, ...] = (
    Element("DED01", "Payment/ApplicationCode", 2, 2, Need.REQUIRED, _same, _same),
    Element("DED02", "Payment/RemittanceID", 1, 20, Need.REQUIRED, _same, _same),
    Element("DED03", "Payment/PayDate", 6, LONG_DATE, Need.REQUIRED, _take_day, _give_day),
    Element("DED04", "Payment/PaymentAmount", 1, MOST_CENTS, Need.REQUIRED, read_cents, _give_amount),
    Element("DED05", "Payment/PersonSSNIdentification", 9, 9, Need.REQUIRED, _digits, _digits),
    Element("DED06", "Payment/MedicalSupportCode", 1, 1, Need.REQUIRED, _same, _same),
    Element("DED07", "Payment/ObligorShortName", 1, 10, Need.OPTIONAL, _same, _same),
    Element("DED08", "Payment/FIPSCode", 5, 7, Need.OPTIONAL, _same, _same),
    Element("DED09", "Payment/EmploymentTerminationIndicator", 1, 1, Need.OPTIONAL, _take_end, _give_end),
)
"""In the order of the segment."""

PATHS = frozenset(element.path for element in ELEMENTS)


def read(text: str, *, long_dates: bool = False) -> tuple[dict[str, str], list[Flaw]]:
    """The values of a segment (printable ASCII) by canonical path, and what is wrong with it. ``long_dates``: eight
    digits of a day are as they should be, as in the X12 820 of CTX (from version 4010 on)."""
    body, end, behind = text.partition(TERMINATOR)
    name, *elements = body.split(SEPARATOR)
    if name != NAME or not elements:
        return {}, [Flaw(DED_SEGMENT, length=len(NAME))]
    flaws: list[Flaw] = []
    if not end or behind.strip(" "):
        flaws.append(Flaw(DED_TERMINATOR, start=min(len(body) + 1, len(text)), length=max(len(behind), 1)))
    if len(elements) > len(ELEMENTS):
        flaws.append(Flaw(DED_ELEMENTS, note=f"expected at most {len(ELEMENTS)} elements, found {len(elements)}"))
    values: dict[str, str] = {}
    at = len(NAME) + 2
    for number, element in enumerate(ELEMENTS):
        raw = elements[number] if number < len(elements) else ""
        flaws += _take(element, raw, at, values)
        at += len(raw) + 1 if number < len(elements) else 0
    return values, [flaw for flaw in flaws if not (long_dates and flaw.rule == DED_DATE_LONG)]


def _take(element: Element, raw: str, at: int, values: dict[str, str]) -> list[Flaw]:
    text = raw.rstrip(" ")
    place = Flaw(DED_ELEMENT, element.name, element.path, at, max(len(raw), 1))
    if not text:
        return [_as(place, DED_ELEMENT_MISSING)] if element.required is Need.REQUIRED else []
    value = element.take(text) if element.least <= len(text) <= element.most else None
    if value is None:
        return [place]
    values[element.path] = value
    if element.take is _take_day and len(text) == LONG_DATE:
        return [_as(place, DED_DATE_LONG, Severity.WARNING)]
    return []


def _as(place: Flaw, rule: RuleCode, severity: Severity = Severity.ERROR) -> Flaw:
    return Flaw(rule, place.element, place.path, place.start, place.length, severity)


def write(values: Mapping[str, str]) -> tuple[str, list[Flaw]]:
    """The segment of these values, every ``*`` kept, and what could not be written (its element is empty then)."""
    parts = [NAME]
    flaws: list[Flaw] = []
    for element in ELEMENTS:
        value = values.get(element.path, "")
        text = element.give(value) if value and _plain(value) else ""
        if value and (text is None or (text and not element.least <= len(text) <= element.most) or not _plain(value)):
            flaws.append(Flaw(DED_ELEMENT, element.name, element.path))
            text = ""
        elif element.required is Need.REQUIRED and not text:
            flaws.append(Flaw(DED_ELEMENT_MISSING, element.name, element.path))
        parts.append(text or "")
    return SEPARATOR.join(parts) + TERMINATOR, flaws


def _plain(value: str) -> bool:
    """Whether a value can stand in a segment and comes back as it is."""
    good = value.isascii() and value.isprintable() and SEPARATOR not in value and TERMINATOR not in value
    return good and value == value.rstrip(" ")
