"""How fixed-width and delimited files are written: one row a field, one a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.model import FormatName, Kind


class Picture(StrEnum):
    """How a field is written."""

    TEXT = "text"
    """Left-justified; spaces at the end are cut on reading, spaces at the start are kept."""
    DIGITS = "digits"
    """Digits over the full length or all blank; kept as text with leading zeros."""
    COUNT = "count"
    """Digits that say how many blocks of ``constant`` follow; never blank."""
    DATE = "date"
    """CCYYMMDD here, CCYY-MM-DD in the canonical form."""
    TIME = "time"
    """HHMMSS here, HH:MM:SS in the canonical form."""
    MONEY = "money"
    """Sign, 8 digits, point, 2 digits here; decimal text in the canonical form."""
    CONSTANT = "constant"
    """Always ``constant``."""
    RESERVED = "reserved"
    """Always blank."""
    UNREAD = "unread"
    """Bytes whose meaning no source tells: read over whatever they hold, written blank."""
    UNKEPT = "unkept"
    """Text whose meaning is known but which is no business of the kind: read over with a notice, never written."""
    FLAG = "flag"
    """``constant`` here when set and blank when not; Y in the canonical form."""
    NUMBER = "number"
    """A whole number, zero-filled here; without leading zeros in the canonical form."""
    CENTS = "cents"
    """Digits with two implied decimals; decimal text in the canonical form."""
    ZONED = "zoned"
    """Digits whose last carries the sign as an overpunch; a whole number in the canonical form."""
    ZONED_CENTS = "zoned-cents"
    """As zoned, with two implied decimals."""
    PACKED = "packed"
    """Packed decimal: two digits a byte, the sign in the last half byte; a whole number in the canonical form."""
    DATE_MDCY = "date-mmddccyy"
    DATE_MDY = "date-mmddyy"
    """Years 70 to 99 are of the twentieth century, 00 to 69 of the twenty-first."""
    DATE_YMD = "date-yymmdd"
    DATE_YDAY = "date-yyddd"
    """Day of the year."""
    DATE_CYDAY = "date-ccyyddd"
    DATE_DASHED = "date-ccyy-mm-dd"
    MONTH = "month-ccyymm"
    """CCYY-MM in the canonical form."""
    QUARTER = "quarter-ccyyq"
    """CCYY-Qn in the canonical form."""
    QUARTER_FIRST = "quarter-qccyy"
    PERSON_NAME = "last-first-middle"
    """``LAST, FIRST M``; ``path`` is the name whose parts it holds."""
    MARKED_DIGITS = "digits-or-nines"
    """Digits over the full length, all nines for a number that is not known, each of them X in the canonical form."""
    DAY_YEAR = "day-part-year"
    """Year, month and day of the day at ``path``, each in a field of its own; nines for a part that is not known."""
    DAY_MONTH = "day-part-month"
    DAY_DAY = "day-part-day"


class Need(StrEnum):
    """How far the source requires a field."""

    REQUIRED = "R"
    CONDITIONAL = "C"
    OPTIONAL = "O"
    RESERVED = "X"


@dataclass(frozen=True, slots=True)
class LayoutField:
    """One row of a layout. ``start`` is 1-based, ``length`` in bytes."""

    name: str
    """The business name in the words of the source (``Transaction-Serial-Number``)."""
    start: int
    length: int
    picture: Picture
    required: Need
    path: str | None = None
    """Canonical path inside the record, under the block's path; None for constants, counts and reserved fields."""
    codes: str | None = None
    """Name of the code list that its value must be in."""
    constant: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One fixed-width record."""

    name: str
    length: int
    block: str | None
    """Canonical element that the record becomes (``Participant``); None: paths start at the root."""
    repeats: bool
    fields: tuple[LayoutField, ...]
    source: str
    confidence: str
    version: str
    drops: frozenset[str] = frozenset()
    """Canonical paths that this layout leaves out on purpose, because its exchange carries them elsewhere."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a delimited file; ``path`` None: the column is read over."""

    name: str
    picture: Picture
    required: Need = Need.OPTIONAL
    path: str | None = None
    codes: str | None = None
    length: int | None = None
    """Most characters that its source has room for."""


@dataclass(frozen=True, slots=True)
class ColumnOrder:
    """The columns of a delimited format, in the order of the file."""

    name: FormatName
    title: str
    kind: Kind
    columns: tuple[Column, ...]
    source: str
    confidence: str
    version: str
    delimiters: str = ","
    """What may stand between columns: of several the first that gives as many columns as there are."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Canonical path -> value that every record of this format has and no column says."""


@dataclass(frozen=True, slots=True)
class Position:
    """A field of a fixed-width record: its business name and its place, 1-based, in bytes of the whole record."""

    field: str
    start: int
    length: int


def block_prefixes(layout: Layout, counts: Mapping[str, int]) -> tuple[str, ...]:
    """The path prefixes of the blocks that a layout has, by :func:`count_blocks`; one empty prefix without a block."""
    if layout.block is None:
        return ("",)
    count = counts.get(layout.block, 0)
    if not layout.repeats:
        return (f"{layout.block}/",) * count
    return tuple(f"{layout.block}[{number}]/" for number in range(1, count + 1))
