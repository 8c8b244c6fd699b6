"""Transaction sets of X12 as values: which segments and elements are known, and what they become.

``schemas/x12`` holds the tables. A set is made of sections (its header, the levels of a hierarchy, a member); a section
that is a record becomes one record of the canonical form, together with the sections that it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.model import FormatName, Kind


class Use(StrEnum):
    """How far the guide requires a segment or an element."""

    REQUIRED = "R"
    SITUATIONAL = "S"
    UNUSED = "X"


class Form(StrEnum):
    """How an element is written."""

    TEXT = "text"
    """AN and ID: as it stands; spaces at the end are cut."""
    NUMBER = "number"
    """N0: digits with an optional minus sign; kept as written."""
    DECIMAL = "decimal"
    """R: digits with an optional minus sign and point; kept as written."""
    DATE = "date"
    """CCYYMMDD; CCYY-MM-DD in the canonical form."""
    SHORT_DATE = "short-date"
    """YYMMDD, as in ISA09 and TA102; years 70 to 99 are of the twentieth century."""
    TIME = "time"
    """HHMM, HHMMSS or HHMMSSDD; HH:MM:SS in the canonical form, without the hundredths that a stamp may have."""
    PERIOD_FORM = "period-form"
    """Says what the next element is: D8 a day, RD8 two days with a hyphen between them."""
    PERIOD = "period"
    """A day, or two: the second goes to ``second``."""
    POSTAL = "postal"
    """A ZIP code of five or nine digits; the last four go to ``second``."""
    QUALIFIER = "qualifier"
    """Says what the next element is, by its ``choices``."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a segment. Paths are canonical, ``[*]`` stands for the number of the block."""

    name: str
    """``INS03``: the segment's tag and the position."""
    position: int
    """1-based."""
    title: str
    form: Form
    least: int
    most: int
    required: Use
    path: str | None = None
    second: str | None = None
    """Where the second part goes that some forms have."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Value of the qualifier before it -> path."""
    codes: tuple[str, ...] = ()
    """Values that it may have; empty: any."""
    picks: tuple[str, ...] = ()
    """The row is about segments that have one of these here; the first is written where no path says another."""
    constant: str | None = None
    """Always this."""
    fill: str | None = None
    """What is written where the content says nothing: ``created``, ``created-time``, ``number``, ``hl-id``,
    ``hl-parent``, ``hl-child``."""

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path in (self.path, self.second, *self.choices.values()) if path)


@dataclass(frozen=True, slots=True)
class Segment:
    """One row: a segment in its place. ``loop`` names the loop of the guide that it belongs to."""

    tag: str
    title: str
    section: str
    loop: str
    required: Use
    elements: tuple[Element, ...]
    block: str = ""
    """The repeated canonical element that its loop becomes (``HealthInsurance[*]``); its first row opens it."""
    more: bool = False
    """The guide allows more of them than the canonical form carries; further ones are read over with a notice."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a set. It opens with a segment of ``tag`` that has ``value`` at ``position`` (0: any)."""

    name: str
    level: int
    """0 for the header; a section holds those of higher levels that follow it."""
    tag: str = ""
    position: int = 0
    value: str = ""
    record: bool = False
    required: bool = True
    detail: tuple[str, ...] = ()
    """Tags with which the part begins that concerns this section alone and none that it holds."""


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """One set in one version, as far as the table knows it."""

    name: FormatName
    title: str
    kind: Kind
    code: str
    """ST01: ``834``."""
    group: str
    """GS01: ``BE``."""
    release: str
    """GS08: ``005010X220A1``."""
    interchange: str
    """ISA12: ``00501``."""
    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    openers: frozenset[str]
    """Tags that open loops of the guide; after one that the table does not know, nothing is read until the next."""
    source: str
    confidence: str
    says: Mapping[str, str] = field(default_factory=dict)
    """Path -> what every record of the set says there."""
    envelope: Mapping[str, str] = field(default_factory=dict)
    """Element of ISA or GS -> path."""
    outside: Segment | None = None
    """A segment that is a record by itself between ISA and the first group (TA1)."""

    def rows(self, section: str) -> tuple[Segment, ...]:
        return tuple(row for row in self.segments if row.section == section)

    @property
    def convention(self) -> str:
        """ST03 of the versions that have one."""
        return self.release if self.interchange >= "00501" else ""
