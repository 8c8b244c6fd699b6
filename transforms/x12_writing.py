"""From canonical contents to the segments of transaction sets, along the rows of the table.

Nothing is cut or repaired: a value that an element cannot hold is a finding, and the element stays empty. Contents that
agree in what the header of the set says share one set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

from gateway.core.model import Content, Finding, RuleCode, Severity
from gateway.core.ports.formats import Cover
from gateway.core.x12_set import Element, Form, Section, Use
from transforms.fixed_width import Leftovers
from transforms.x12_elements import CODECS, period_form
from transforms.x12_segments import Delimiters
from transforms.x12_table import Row, Table, is_of, numbered, within
from transforms.x12_walk import X12_CHARACTER, X12_CODE, X12_LENGTH, X12_REQUIRED

X12_VALUE = RuleCode("X12-VALUE")


@dataclass(slots=True)
class SetWriter:
    """Writes contents as sets. ``sets``: the segments of each, without ST and SE."""

    table: Table
    cover: Cover
    marks: Delimiters
    sets: list[list[str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    leftovers: Leftovers = field(default_factory=Leftovers)
    _opener: Mapping[str, str] | None = None
    _hl: int = 0
    _hl_at: dict[int, int] = field(default_factory=dict)
    """Level of a section -> number of the HL that is open there."""
    _held: dict[int, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Level of a section that is open for more records -> what it says."""
    _content: Mapping[str, str] = field(default_factory=dict, repr=False)
    _blocks: frozenset[str] = frozenset()
    """Repeated elements that the content has, with their numbers."""
    _ordinal: int = 0
    _section: Section | None = None
    _child: bool = False
    """Whether a section below the one being written follows."""

    def write(self, ordinal: int, content: Content) -> None:
        """Add a record: to the set that is open when its header says the same, else to a new one."""
        header, *others = self.table.set.sections
        self._ordinal, self._content, self._blocks = ordinal, content.fields, _blocks(content.fields)
        opener = {path: value for path, value in content.fields.items() if is_of(path, self.table.of(header.name))}
        if self._opener != opener or not self.sets or not others:
            self._opener = opener
            self._hl, self._hl_at, self._held = 0, {}, {}
            self.sets.append([])
            self._child = bool(others)
            self._rows(header)
        last = max((n for n, one in enumerate(others, 1) if one.required or self._has(one)), default=0)
        for number, section in enumerate(others[:last], 1):
            self._child = number < last
            if self._child or section.record:
                self._level(section)
        self._note_leftovers(content)

    def write_outside(self, ordinal: int, content: Content) -> str | None:
        """The segment outside of groups that a content is; None when it is none."""
        row = self.table.outside
        if row is None or not any(content.get(path) for e in row.segment.elements for path in e.paths):
            return None
        self._content, self._ordinal = content.fields, ordinal
        self.sets.append([])
        self._segment(row, {})
        self._note_leftovers(content)
        return self.sets.pop()[0]

    def _note_leftovers(self, content: Content) -> None:
        kept = {path for path in content.fields if is_of(path, self.table.paths)}
        self.leftovers.add(content, kept, self._ordinal)

    def _level(self, section: Section) -> None:
        """Write a section, unless the one that is open says the same and records of this kind go on in it."""
        said = {path: value for path, value in self._content.items() if is_of(path, self.table.of(section.name))}
        if self._child and self._held.get(section.level) == said:
            return
        self._held = {level: one for level, one in self._held.items() if level < section.level}
        if self._child:
            self._held[section.level] = said
        self._rows(section)

    # --- sections, blocks, segments ----------------------------------------------------------------------------------

    def _rows(self, section: Section) -> None:
        self._section = section
        rows = self.table.rows[section.name]
        if self._child and section.detail:
            last = next((n for n, row in enumerate(rows) if row.tag in section.detail), len(rows))
            rows = rows[:last]
        self._span(rows, "", {})

    def _span(self, rows: Sequence[Row], block: str, numbers: dict[str, int]) -> None:
        """Write the rows of a block; those of one that stands in it once for each of its occurrences."""
        at = 0
        while at < len(rows):
            inner = rows[at].segment.block
            if inner == block or not inner:
                self._row(rows, at, numbers)
                at += 1
                continue
            end = next((n for n in range(at, len(rows)) if not within(rows[n].segment.block, inner)), len(rows))
            for number in count(1):
                here = {**numbers, inner: number}
                if numbered(inner, here) not in self._blocks:
                    break
                self._span(rows[at:end], inner, here)
            at = end

    def _row(self, rows: Sequence[Row], at: int, numbers: dict[str, int]) -> None:
        row = rows[at]
        live = self._speaks(row, numbers)
        if not live and row.segment.required is Use.REQUIRED:
            loop = [one for one in rows if one.loop == row.loop]
            live = any(self._speaks(one, numbers) for one in loop) or (
                loop[0].segment.required is Use.REQUIRED and not row.segment.block
            )
        if not live and row.opens_loop:
            live = any(self._speaks(one, numbers) for one in rows if one.loop == row.loop)
        if live:
            self._segment(row, numbers)

    def _speaks(self, row: Row, numbers: dict[str, int]) -> bool:
        return any(self._value(element, numbers)[0] for element in row.segment.elements)

    def _has(self, section: Section) -> bool:
        """Whether the content says what this section alone can carry, and none of those above it."""
        above = (self.table.of(one.name) for one in self.table.set.sections if one.level < section.level)
        alone = self.table.of(section.name).difference(*above)
        return any(is_of(path, alone) for path in self._content)

    def _segment(self, row: Row, numbers: dict[str, int]) -> None:
        elements = row.segment.elements
        parts = [row.tag, *(self._written(element, numbers) for element in elements)]
        for element, following in pairwise(elements):
            self._qualify(element, following, numbers, parts)
        for element in elements:
            if element.required is Use.REQUIRED and not parts[element.position]:
                self._report(X12_REQUIRED, element, None, Severity.ERROR, element.title)
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        self.sets[-1].append(self.marks.element.join(parts))

    # --- elements ----------------------------------------------------------------------------------------------------

    def _value(self, element: Element, numbers: dict[str, int]) -> tuple[str | None, str | None]:
        """Canonical value and its path."""
        paths = element.choices.values() if element.choices else ((element.path,) if element.path else ())
        for pattern in paths:
            path = numbered(pattern, numbers)
            if value := self._content.get(path):
                return value, path
        return None, None

    def _written(self, element: Element, numbers: dict[str, int]) -> str:
        value, path = self._value(element, numbers)
        if value is None:
            return element.constant or (self._filled(element) if element.fill else (element.picks or ("",))[0])
        second = self._content.get(numbered(element.second, numbers)) if element.second else None
        text = CODECS[element.form].write(value, second)
        if text is None:
            return self._refuse(X12_VALUE, element, path)
        if not (text.isascii() and text.isprintable()) or set(text) & set(self.marks.all):
            return self._refuse(X12_CHARACTER, element, path)
        if not element.least <= len(text) <= element.most or text != text.rstrip(" "):
            return self._refuse(X12_LENGTH, element, path)
        if (element.codes and text not in element.codes) or (element.picks and text not in element.picks):
            return self._refuse(X12_CODE, element, path)
        return text

    def _qualify(self, element: Element, following: Element, numbers: dict[str, int], parts: list[str]) -> None:
        """An element that says what the next one is."""
        text = parts[following.position]
        if element.form is Form.PERIOD_FORM:
            parts[element.position] = period_form(text) if text else ""
        elif element.form is Form.QUALIFIER:
            _, path = self._value(following, numbers)
            chosen = (code for code, pattern in following.choices.items() if numbered(pattern, numbers) == path)
            parts[element.position] = next(chosen, "") if text else ""

    def _filled(self, element: Element) -> str:
        level = self._section.level if self._section else 0
        match element.fill:
            case "created":
                return self.cover.created_at.strftime("%Y%m%d")
            case "created-time":
                return self.cover.created_at.strftime("%H%M")
            case "number":
                return str(self.cover.number)
            case "hl-id":
                self._hl += 1
                self._hl_at[level] = self._hl
                return str(self._hl)
            case "hl-parent":
                return str(self._hl_at[max(one for one in self._hl_at if one < level)])
            case _:
                return "1" if self._child else "0"

    def _refuse(self, rule: RuleCode, element: Element, path: str | None) -> str:
        self._report(rule, element, path, Severity.ERROR, element.title)
        return ""

    def _report(self, rule: RuleCode, element: Element, path: str | None, severity: Severity, note: str) -> None:
        self.findings.append(Finding(rule, severity, self._ordinal, field=element.name, path=path, note=note))


def _blocks(paths: Iterable[str]) -> frozenset[str]:
    """Every repeated element on the way to a path: ``HealthInsurance[2]``."""
    return frozenset(path[: end + 1] for path in paths for end, one in enumerate(path) if one == "]")
