"""Delimited files, read only, in the column orders of the catalog.

RFC 4180 with double quotes, UTF-8, and commas or what else the order says. Lines end with CR, LF or CRLF; blank lines
and the end mark of old systems are read over. The first line is a heading, and no record, when its first field is the
name of the first column (letter case does not matter). No column of these orders can hold a line break, so a line end
always ends the record: a quote that is still open there is a fault of that record alone. A field of spaces only is
blank; every other field is kept to the character.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.core.catalog import Catalog, Column, ColumnOrder, Picture
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.canonical import ILLEGAL
from transforms.cutting import END_MARK, PADDING, Told

LINE_LIMIT = 64 * 1024
"""Bytes of one line; the longest order has 44 columns of at most 120 characters."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_BOM = b"\xef\xbb\xbf"


class DelimitedFormat:
    """One column order. Pickles as its catalog and name."""

    def __init__(self, catalog: Catalog, name: FormatName) -> None:
        self._catalog = catalog
        self._name = name
        self._order = catalog.columns[name]

    @classmethod
    def named(cls, name: str) -> Callable[[Catalog], DelimitedFormat]:
        """The constructor of one order, for the table of formats."""
        return lambda catalog: cls(catalog, FormatName(name))

    def __reduce__(self) -> tuple[type[DelimitedFormat], tuple[Catalog, FormatName]]:
        return DelimitedFormat, (self._catalog, self._name)

    @property
    def name(self) -> FormatName:
        return self._name

    def reader(self) -> Reader:
        return LineCutter(self._order)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; the heading says nothing
        """Rules: ``CSV-ENCODING``, ``CSV-LENGTH``, ``CSV-QUOTE``, ``CSV-COLUMNS``, ``CSV-CHARACTER``, ``CSV-WIDTH``,
        ``CSV-DATE``, ``CSV-RESERVED``. The field is the column's name, the note begins with its 1-based number."""
        if len(frame.body) > LINE_LIMIT:
            return _unreadable(frame, "CSV-LENGTH", f"a line of more than {LINE_LIMIT} bytes")
        try:
            row = cells(self._order, frame.body.decode("utf-8"))
        except UnicodeDecodeError:
            return _unreadable(frame, "CSV-ENCODING", "the line is not valid UTF-8")
        except csv.Error:
            return _unreadable(frame, "CSV-QUOTE", "a quote is not closed or not doubled")
        if len(row) != len(self._order.columns):
            return _unreadable(frame, "CSV-COLUMNS", f"expected {len(self._order.columns)} columns, found {len(row)}")
        reading = _Reading(frame, self._order, dict(self._order.given))
        for number, (column, value) in enumerate(zip(self._order.columns, row, strict=True), start=1):
            if value.strip(" "):
                reading.column(number, column, value)
        return Decoded(Content(self._order.kind, reading.fields), tuple(reading.findings))

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:  # noqa: ARG002 - a port's signature
        raise Unprocessable(f"format {self._name} is read only")


def cells(order: ColumnOrder, line: str, *, strict: bool = True) -> list[str]:
    """A line cut by the first delimiter of the order that gives as many cells as it has columns, else by the first of
    all. Strict: raises csv.Error for a quote that is not closed or not doubled."""
    first: list[str] | None = None
    for delimiter in order.delimiters:
        row = next(csv.reader([line], delimiter=delimiter, strict=strict), [])
        if len(row) == len(order.columns):
            return row
        first = row if first is None else first
    return first or []


def _unreadable(frame: Frame, rule: str, note: str) -> Decoded:
    return Decoded(None, (Finding(RuleCode(rule), Severity.ERROR, frame.ordinal, line=frame.line, note=note),))


@dataclass(slots=True)
class _Reading:
    """One line on its way from columns to fields."""

    frame: Frame
    order: ColumnOrder
    fields: dict[str, str]
    findings: list[Finding] = field(default_factory=list)

    def column(self, number: int, column: Column, value: str) -> None:
        if ILLEGAL.search(value):
            self._report("CSV-CHARACTER", number, column, "a character that a record cannot carry")
        elif column.length is not None and len(value) > column.length:
            self._report("CSV-WIDTH", number, column, f"more than {column.length} characters")
        elif column.picture is Picture.RESERVED:
            self._report("CSV-RESERVED", number, column, "must be blank")
        elif column.picture is Picture.DATE:
            self._date(number, column, value)
        elif column.path is not None:
            self.fields[column.path] = value

    def _date(self, number: int, column: Column, value: str) -> None:
        found = _DATE.fullmatch(value)
        day = _day(int(found[1]), int(found[2]), int(found[3])) if found else None
        if day is None:
            self._report("CSV-DATE", number, column, "expected a day as CCYYMMDD")
        elif column.path is not None:
            self.fields[column.path] = day.isoformat()

    def _report(self, rule: str, number: int, column: Column, note: str) -> None:
        self.findings.append(
            Finding(
                RuleCode(rule),
                Severity.ERROR,
                record=self.frame.ordinal,
                field=column.name,
                path=column.path,
                line=self.frame.line,
                note=f"column {number}: {note}",
            )
        )


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


class LineCutter(Told):
    """A :class:`gateway.core.ports.formats.Reader` of lines. A line that never ends is fatal."""

    def __init__(self, order: ColumnOrder) -> None:
        super().__init__()
        self._order = order
        self._buffer = bytearray()
        self._at = 0
        """Index of the next byte to look at for a line end."""
        self._line = 1
        self._ordinal = 0
        self._began = False
        """A line that is not blank has come."""
        self._stopped = False

    def feed(self, data: bytes) -> list[Frame]:
        if self._stopped:
            return []
        self._buffer += data
        return self._cut(last=False)

    def finish(self) -> list[Frame]:
        if self._stopped:
            return []
        frames = self._cut(last=True)
        if self._buffer and not self._stopped:
            self._take(bytes(self._buffer).rstrip(END_MARK), frames)
        self._buffer.clear()
        return frames

    def _cut(self, *, last: bool) -> list[Frame]:
        frames: list[Frame] = []
        start = 0
        while (end := _LINE_END.search(self._buffer, self._at)) is not None:
            if end[0] == b"\r" and end.end() == len(self._buffer) and not last:
                break  # the LF of a CRLF may still come
            if end.start() - start > LINE_LIMIT:
                break
            self._take(bytes(self._buffer[start : end.start()]), frames)
            start = self._at = end.end()
            self._line += 1
        del self._buffer[:start]
        self._at = max(len(self._buffer) - 1, 0)
        if len(self._buffer) > LINE_LIMIT and not self._is_line():
            self._stopped = True
            note = f"a line of more than {LINE_LIMIT} bytes"
            self._findings.append(Finding(RuleCode("CSV-LENGTH"), Severity.FATAL, line=self._line, note=note))
            self._buffer.clear()
        return frames

    def _is_line(self) -> bool:
        """Whether the buffer is a line of just the limit whose CR may still be followed by an LF."""
        return len(self._buffer) == LINE_LIMIT + 1 and self._buffer.endswith(b"\r")

    def _is_heading(self, line: bytes) -> bool:
        text, name = line.decode("utf-8", "replace"), self._order.columns[0].name.casefold()
        return any(text.partition(one)[0].strip(' "').casefold() == name for one in self._order.delimiters)

    def _take(self, line: bytes, frames: list[Frame]) -> None:
        if self._line == 1:
            line = line.removeprefix(_BOM)
        if not line.strip().strip(PADDING):
            return
        first, self._began = not self._began, True
        if first and self._is_heading(line):
            return
        self._ordinal += 1
        frames.append(Frame(self._ordinal, line, self._line))
