"""From the segments of one record to canonical values, along the rows of its set.

The place of a segment says what it is: an N3 after the name of an employer is the employer's. So a segment is looked
for in the loop that is open, and a loop that the table does not know is read over as a whole, with a notice for each
segment, until a known one opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.x12_set import Element, Form, Section, Use
from transforms.x12_elements import CODECS, period_form
from transforms.x12_levels import opened
from transforms.x12_segments import Cut
from transforms.x12_table import Row, Table, numbered, within

X12_SEGMENT_REQUIRED = RuleCode("X12-SEGMENT-REQUIRED")
X12_SEGMENT_REPEATED = RuleCode("X12-SEGMENT-REPEATED")
X12_SEGMENT_ORDER = RuleCode("X12-SEGMENT-ORDER")
X12_SEGMENT_UNREAD = RuleCode("X12-SEGMENT-UNREAD")
X12_REQUIRED = RuleCode("X12-REQUIRED")
X12_UNUSED = RuleCode("X12-UNUSED")
X12_UNREAD = RuleCode("X12-UNREAD")
X12_LENGTH = RuleCode("X12-LENGTH")
X12_CODE = RuleCode("X12-CODE")
X12_CHARACTER = RuleCode("X12-CHARACTER")
X12_DATE = RuleCode("X12-DATE")
X12_LEVEL = RuleCode("X12-LEVEL")
X12_FAULTS = RuleCode("X12-FAULTS")
MOST_FINDINGS = 500
"""Of one record; the rest is not told, and the record is refused."""


@dataclass(slots=True)
class Walk:
    """One record on its way. ``own``: index of its first own segment; ``line``: the number of that one in the file."""

    table: Table
    ordinal: int
    own: int
    line: int | None
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    findings: list[Finding] = field(default_factory=list)
    _rows: Sequence[Row] = ()
    _by_tag: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    _row: Row | None = None
    """The row of the last segment that was read; None in a loop that nobody knows."""
    _lost: bool = False
    _numbers: dict[str, int] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _ever: set[int] = field(default_factory=set)
    _at: int | None = None
    """Number of the segment in the file."""
    _within: list[Section] = field(default_factory=list)
    """The sections that are open, the innermost last."""
    _ids: dict[int, str] = field(default_factory=dict, repr=False)
    """Level -> the number of the section that is open there."""

    def take_all(self, cuts: Sequence[Cut]) -> None:
        """The segments between ST and SE."""
        sections = self.table.set.sections
        self._enter(sections[0])
        for index, cut in enumerate(cuts):
            self._at = self.line + index - self.own if self.line is not None and index >= self.own else None
            if (section := opened(sections, cut)) is not None:
                self._leave_section()
                self._descend(section)
                self._enter(section)
            self._take(cut)
        self._at = None
        self._leave_section()

    def take_outside(self, row: Row, cut: Cut) -> None:
        self._at = self.line
        self._read(row, cut)

    # --- places ------------------------------------------------------------------------------------------------------

    def _descend(self, section: Section) -> None:
        """Go into the section from those that hold it, of which the next one above may not be left out."""
        self._within = [one for one in self._within if one.level < section.level]
        self._ids = {level: number for level, number in self._ids.items() if level < section.level}
        above = [one for one in self.table.set.sections if one.required and 0 < one.level < section.level]
        if above and above[-1] not in self._within:
            first = self.table.rows[above[-1].name][0]
            self._report(X12_SEGMENT_REQUIRED, first.tag, Severity.ERROR, f"loop {first.loop}")
        self._within.append(section)

    def _enter(self, section: Section) -> None:
        self._rows, self._by_tag = self.table.rows[section.name], self.table.by_tag[section.name]
        self._row, self._lost = None, False
        self._seen, self._ever = set(), set()

    def _leave_section(self) -> None:
        self._leave_loop()
        for row in self._rows:
            if row.opens_loop and row.segment.required is Use.REQUIRED and not row.segment.block:
                self._require(row)

    def _leave_loop(self) -> None:
        if self._row is None:
            return
        for row in self._rows:
            if row.loop == self._row.loop and row.segment.required is Use.REQUIRED and not row.opens_loop:
                self._require(row)

    def _require(self, row: Row) -> None:
        if row.number not in self._seen and (row.segment.block or row.number not in self._ever):
            self._report(X12_SEGMENT_REQUIRED, row.tag, Severity.ERROR, f"loop {row.loop}")
            self._ever.add(row.number)

    def _take(self, cut: Cut) -> None:
        row = self._place(cut)
        if row is None:
            return
        if row.opens_loop:
            self._leave_loop()
        if row.opens_block:
            self._open_block(row)
        self._row, self._lost = row, False
        self._seen.add(row.number)
        self._ever.add(row.number)
        self._read(row, cut)

    def _place(self, cut: Cut) -> Row | None:
        """The row of a segment; None after a finding."""
        known = [row for row in self._by_tag.get(cut.tag, ()) if row.fits(cut)]
        fitting = [row for row in known if self._has_block(row)]
        if known and not fitting:
            self._report(X12_SEGMENT_ORDER, cut.tag, Severity.ERROR)
            return None
        here = [] if self._lost else [row for row in fitting if not row.opens_loop and self._in_loop(row)]
        ahead = [row for row in fitting if row.opens_loop and self._may_open(row)]
        for row in (*here, *ahead):
            if row.number not in self._seen or row.opens_block:
                return row
        if any(row.segment.more for row in fitting):
            self._unread(cut)
            return None
        if here or any(row.opens_loop and row.number in self._seen for row in fitting):
            self._report(X12_SEGMENT_REPEATED, cut.tag, Severity.ERROR)
            return None
        if not self._lost and any(row.loop == (self._row.loop if self._row else "") for row in fitting):
            self._report(X12_SEGMENT_ORDER, cut.tag, Severity.ERROR)
            return None
        self._unread(cut)
        return None

    def _in_loop(self, row: Row) -> bool:
        return self._row is not None and row.loop == self._row.loop and row.group >= self._row.group

    def _has_block(self, row: Row) -> bool:
        """Whether the block is open that a row stands in, or opens another in."""
        block = row.segment.block.rpartition("/")[0] if row.opens_block else row.segment.block
        return not block.endswith("[*]") or block in self._numbers

    def _may_open(self, row: Row) -> bool:
        """A loop that comes after the one that is open, or one that repeats the block that is open."""
        last = self._row.number if self._row else max(self._seen, default=-1)
        return row.number > last or row.opens_block

    def _unread(self, cut: Cut) -> None:
        tag = cut.tag if len(cut.tag) <= 3 and cut.tag.isascii() and cut.tag.isalnum() else "?"  # noqa: PLR2004 - tags are short
        if cut.tag in self.table.set.openers:
            self._leave_loop()
            self._lost = True
        self._report(X12_SEGMENT_UNREAD, tag, Severity.NOTICE)

    def _open_block(self, row: Row) -> None:
        block = row.segment.block
        self._numbers[block] = self._numbers.get(block, 0) + 1
        for other in [one for one in self._numbers if one != block and within(one, block)]:
            del self._numbers[other]
        self._seen = {number for number in self._seen if number < row.number}

    # --- elements ----------------------------------------------------------------------------------------------------

    def _read(self, row: Row, cut: Cut) -> None:
        elements = row.segment.elements
        for element in elements:
            value = cut.get(element.position)
            if value.strip(" "):
                self._element(element, value, cut)
            elif element.required is Use.REQUIRED:
                self._report(X12_REQUIRED, element.name, Severity.ERROR, element.title)
        extra = cut.parts[len(elements) + 1 :]
        if any(extra):
            self._report(X12_UNREAD, f"{row.tag}{len(elements) + 1:02d}", Severity.NOTICE)

    def _element(self, element: Element, value: str, cut: Cut) -> None:
        if element.required is Use.UNUSED:
            self._report(X12_UNUSED, element.name, Severity.WARNING, element.title)
            return
        if self._faulty(element, value):
            return
        before = cut.get(element.position - 1)
        if element.form is Form.PERIOD and before != period_form(value):
            self._report(X12_DATE, element.name, Severity.ERROR, "not what the qualifier before it says")
            return
        pair = CODECS[element.form].read(value)
        if pair is None:
            self._report(CODECS[element.form].fault, element.name, Severity.ERROR, element.title)
            return
        self._compare_levels(element, value)
        path = element.choices.get(before) if element.choices else element.path
        if path is None:
            if not (element.constant or element.picks or element.fill or element.form in _QUALIFIERS):
                self._report(X12_UNREAD, element.name, Severity.NOTICE, element.title)
            return
        self.fields[numbered(path, self._numbers)] = pair[0]
        if pair[1] is not None:
            if element.second is None:
                self._report(X12_DATE, element.name, Severity.ERROR, "expected a day, not a period")
            else:
                self.fields[numbered(element.second, self._numbers)] = pair[1]

    def _compare_levels(self, element: Element, value: str) -> None:
        """A level belongs to the one that it names as its parent: where it stands below another, whose it is would be
        a guess."""
        if element.fill == "hl-id":
            self._ids[self._within[-1].level] = value
        elif element.fill == "hl-parent":
            above = self._ids.get(self._within[-1].level - 1)
            if above is not None and value != above:
                self._report(X12_LEVEL, element.name, Severity.ERROR, element.title)

    def _faulty(self, element: Element, value: str) -> bool:
        if not (value.isascii() and value.isprintable()):
            self._report(X12_CHARACTER, element.name, Severity.ERROR, element.title)
        elif not element.least <= len(value) <= element.most:
            size = f"{element.least} to {element.most}" if element.least < element.most else str(element.most)
            self._report(X12_LENGTH, element.name, Severity.ERROR, f"expected {size} characters, found {len(value)}")
        elif (element.codes and value not in element.codes) or (element.constant and value != element.constant):
            self._report(X12_CODE, element.name, Severity.ERROR, element.title)
        else:
            return False
        return True

    def _report(self, rule: RuleCode, name: str, severity: Severity, note: str | None = None) -> None:
        if len(self.findings) == MOST_FINDINGS:
            rule, severity, note = X12_FAULTS, Severity.ERROR, f"more than {MOST_FINDINGS} findings"
        elif len(self.findings) > MOST_FINDINGS:
            return
        self.findings.append(Finding(rule, severity, self.ordinal, field=name, line=self._at, note=note))


_QUALIFIERS = (Form.PERIOD_FORM, Form.QUALIFIER)
