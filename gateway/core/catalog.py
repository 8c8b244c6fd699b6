"""What is data: kinds, formats, layouts, code lists and rules, as values. ``schemas.load()`` reads and checks them.

Paths in the catalog are canonical paths without the root element: ``Header/Function``. A repeated element carries
``[*]`` in a pattern (``Participant[*]/PersonName/PersonSurName``) and its 1-based index in a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from gateway.core.bridge import Bridge, Bridging
from gateway.core.facts_map import FactsMap
from gateway.core.file_order import FileOrder, RecordRole
from gateway.core.functional_matrix import Marks
from gateway.core.model import Content, FormatName, Kind, RuleCode, Severity
from gateway.core.policy import Policy
from gateway.core.ports.formats import FormatInfo
from gateway.core.resource_table import MessageTable
from gateway.core.succession import Succession, Successions
from gateway.core.unbuilt import Unbuilt
from gateway.core.x12_set import TransactionSet

Parameter = str | int | bool | tuple[str, ...]

BLANK_BLOCK = "BlankIndicator"
"""Leaf that keeps a block which came without any value; its only value is ``Y``."""


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
class CodeList:
    """A closed list: code -> meaning."""

    name: str
    codes: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Triple:
    """One valid combination of function, action and reason of CSENet (``reason`` empty: blank)."""

    function: str
    action: str
    reason: str
    meaning: str
    core: bool
    replacement: str = ""
    opens_case: bool = False
    sender: str = ""
    """Who may send it: ``initiating``, ``responding``, ``either``, ``any`` or empty when the source is silent."""

    @property
    def key(self) -> str:
        """As in :attr:`gateway.core.model.Facts.transaction`."""
        return f"{self.function} {self.action} {self.reason}".rstrip()


@dataclass(frozen=True, slots=True)
class Question:
    """Which records a record of a kind answers. They are of the asker's and of the case that the answer names
    (``other_case_id`` of its facts)."""

    kind: Kind
    transactions: frozenset[str] = frozenset()
    """Empty: all."""
    same: tuple[tuple[str, str], ...] = ()
    """Path in the answer, path in the question: both are there and equal, or it is not the question."""


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of record: its schema and where its facts are."""

    kind: Kind
    title: str
    xsd: str
    """File name in :attr:`Catalog.xsds`."""
    root: str
    namespace: str
    facts: FactsMap
    question: Question | None = None
    """What a record of this kind answers."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which transactions a rule is about; an empty member matches all.

    ``stage`` is the second character of the reason: S success, U without success, others on the way.
    """

    function: frozenset[str] = frozenset()
    action: frozenset[str] = frozenset()
    reason: frozenset[str] = frozenset()
    stage: frozenset[str] = frozenset()
    not_stage: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as data. ``check`` names a row of ``checks.CHECKS``; ``format``: the codecs report it themselves."""

    code: RuleCode
    severity: Severity
    title: str
    """What is wrong, in a sentence for the sender."""
    fix: str
    """What the sender does about it."""
    source: str
    check: str
    since: date | None = None
    until: date | None = None
    """The last day on which the rule holds."""
    whole_file: bool = False
    """A fatal finding of it refuses the file as a whole; only for rules that the codecs report."""
    kinds: frozenset[Kind] = frozenset()
    formats: frozenset[FormatName] = frozenset()
    """Formats that it is checked for; empty: all."""
    field_name: str | None = None
    """Business name, when the layout of the format has none for the path."""
    when: tuple[Match, ...] = ()
    """It applies when any of these matches (or there is none) ..."""
    unless: tuple[Match, ...] = ()
    """... and none of these does."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """A field of a fixed-width record: its business name and its place, 1-based, in bytes of the whole record."""

    field: str
    start: int
    length: int


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything that is data. Frozen and picklable; worker processes get a copy. Equal to itself only."""

    kinds: Mapping[Kind, KindInfo]
    formats: Mapping[FormatName, FormatInfo]
    layouts: Mapping[str, Layout]
    sequences: Mapping[FormatName, tuple[str, ...]]
    """Layouts that make up one record of a fixed-width format, in order (header first)."""
    columns: Mapping[FormatName, ColumnOrder]
    codes: Mapping[str, CodeList]
    triples: Mapping[str, Triple]
    """By :attr:`Triple.key`."""
    rules: Mapping[RuleCode, Rule]
    xsds: Mapping[str, bytes]
    """Schema documents by file name, ``common.xsd`` among them."""
    marks: Mapping[str, Marks] = field(default_factory=dict)
    """The functional matrix by :attr:`Triple.key`; the transactions outside the core set are not in it."""
    files: Mapping[FormatName, FileOrder] = field(default_factory=dict)
    """Fixed-width formats with several kinds of records."""
    successions: Mapping[FormatName, Succession] = field(default_factory=dict)
    """How the files of a format follow each other, where their headers tell."""
    bridges: Mapping[Kind, Bridge] = field(default_factory=dict)
    """By the kind that they start from."""
    messages: Mapping[FormatName, MessageTable] = field(default_factory=dict)
    """FHIR messages."""
    x12: Mapping[FormatName, TransactionSet] = field(default_factory=dict)
    """Transaction sets of X12."""
    policy: Policy = field(default_factory=Policy)
    withheld: Mapping[FormatName, FormatInfo] = field(default_factory=dict)
    """Drafts that the settings do not allow."""
    unbuilt: tuple[Unbuilt, ...] = ()
    """Exchanges of the program for which there is no format."""

    @cached_property
    def bridging(self) -> Bridging:
        """The bridges, with what they need to know of the formats and code lists."""
        carries = {name: frozenset(info.kinds) for name, info in self.formats.items()}
        return Bridging(self.bridges, carries, {name: one.codes for name, one in self.codes.items()})

    @cached_property
    def order_of_files(self) -> Successions:
        """How files follow each other, ready to be asked."""
        return Successions(self.successions)

    def kinds_of(self, format: FormatName) -> tuple[Kind, ...]:
        return self.formats[format].kinds

    def rule(self, code: str) -> Rule | None:
        """The rule behind a finding; None for a code that no table knows."""
        return self.rules.get(RuleCode(code))

    @cached_property
    def _fields(self) -> Mapping[tuple[str, str], LayoutField]:
        """By layout and path; a count is found under the name of its block."""
        return {
            (layout.name, f.path or f.constant or ""): f
            for layout in self.layouts.values()
            for f in layout.fields
            if f.path or f.picture is Picture.COUNT
        }

    def position(
        self, format: FormatName, content: Content, path: str, blocks: Mapping[str, int] | None = None
    ) -> Position | None:
        """Where a path of this content stands in a record of the format; None when the format has no place for it.

        The name of a block alone (``Participant``) is the place of its count. ``blocks`` saves counting them again.
        """
        if format in self.files:
            return self._position_in_file(self.files[format], content, path)
        if "/" not in path:
            found = next((self._fields.get((name, path)) for name in self.sequences.get(format, ())), None)
            return Position(found.name, found.start, found.length) if found else None
        offset, counts = 0, {"Header": 1, **(count_blocks(content) if blocks is None else blocks)}
        for name in self.sequences.get(format, ()):
            layout = self.layouts[name]
            for prefix in block_prefixes(layout, counts):
                if path.startswith(prefix) and (found := self._fields.get((name, path[len(prefix) :]))):
                    return Position(found.name, offset + found.start, found.length)
                offset += layout.length
        return None

    def _position_in_file(self, order: FileOrder, content: Content, path: str) -> Position | None:
        details = order.of(content)[:1]
        others = tuple(record for record in order.records if record.role is not RecordRole.DETAIL)
        for record in (*details, *others):
            if found := self._fields.get((record.layout, path)):
                return Position(found.name, found.start, found.length)
        return None


def count_blocks(content: Content) -> dict[str, int]:
    """How many blocks of each name the content has: ``{"Header": 1, "Participant": 2}``."""
    counts: dict[str, int] = {}
    block = "/"  # no path begins with it
    for path in content.fields:
        if path.startswith(block):
            continue
        head = path.partition("/")[0]
        block = f"{head}/"
        if head.endswith("]"):
            name, _, index = head[:-1].partition("[")
            counts[name] = max(counts.get(name, 0), int(index))
        else:
            counts[head] = 1
    return counts


def block_prefixes(layout: Layout, counts: Mapping[str, int]) -> tuple[str, ...]:
    """The path prefixes of the blocks that a layout has, by :func:`count_blocks`; one empty prefix without a block."""
    if layout.block is None:
        return ("",)
    count = counts.get(layout.block, 0)
    if not layout.repeats:
        return (f"{layout.block}/",) * count
    return tuple(f"{layout.block}[{number}]/" for number in range(1, count + 1))
