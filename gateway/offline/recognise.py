"""Telling a file's format by its content: first by how it begins, then by reading a few of its records on trial.

The beginning decides where it can (the namespace of XML, the kind of JSON, the record id of a header, the heading line
of a delimited file), so that a file whose header is faulty is still known for what it is. Many formats of fixed width
begin with one letter or with blanks, so there the length of the lines has its say. Where several formats are left, each
reads the first records; those that can are what the file may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.core.catalog import Catalog, ColumnOrder, Picture
from gateway.core.errors import GatewayError, Unprocessable
from gateway.core.file_order import FileOrder, FileRecord, RecordRole
from gateway.core.model import FormatName
from gateway.core.ports.formats import Format, Frame, Heading
from gateway.core.x12_set import TransactionSet
from gateway.offline.layouts import fits

HEAD = 256 * 1024
"""Bytes of a file that are looked at."""
TRIAL = 20
"""Records that are read on trial."""
NEARLY = 4
"""A line that is so many bytes longer or shorter than a record may still be one, with a fault."""
BY_HEADING = 3
"""So many first columns of a delimited file name it."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_NAMESPACE = re.compile(rb"""xmlns(?::[\w.-]+)?\s*=\s*["']([^"']{1,200})["']""")
_CSENET = re.compile(rb"[0-9A-Z]{2}[0-9]{3}.{2}[0-9A-Z]{2}[0-9]{3}.{2}003[^\r\n]{60}", re.DOTALL)
"""A header of 121 bytes, though it may be cut short: numbers of a shorter record may have the version by chance."""
_NACHA = re.compile(rb"1.{33}094101|705DED\*", re.DOTALL)
"""A file header with its record size, blocking factor and format code; or addenda records alone."""
_SHAPES = {"csenet": _CSENET, "ach": _NACHA}
"""Family of formats -> how its files begin, where no mark at the start tells."""
_ISA_LENGTH, _ISA_VERSION = 106, slice(84, 89)
_OURS = "urn:child-support-gateway:"

Begins = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Knows the formats of one catalog."""

    catalog: Catalog
    formats: Mapping[FormatName, Format]

    def fits(self, head: bytes) -> tuple[FormatName, ...]:
        """The formats that a file with this beginning may be in; the catalog's order. None: nothing fits."""
        head = head.removeprefix(_BOM)
        if not head.strip():
            return ()
        readable = [name for name, info in self.catalog.formats.items() if info.reads and name in self.formats]
        begun = [name for name in readable if self._begins(name)(head)]
        line = line_length(head, whole=len(head) < HEAD)
        sure = [name for name in begun if self._has_length(name, line)]
        if len(sure) == 1:
            return tuple(self._in_columns(sure[0], head, line) or sure)
        if begun and not sure:
            return self._alike(self._of_length(readable, head, line) or self._on_trial(begun, head, line), head)
        found = self._on_trial(sure or readable, head, line)
        return self._alike([name for name in found if self._length(name) == line] or found or sure, head)

    def _in_columns(self, begun: FormatName, head: bytes, line: int | None) -> list[FormatName]:
        """The delimited formats that read the lines, where they have several lengths and a format of fixed width, which
        the file begins like, reads none of them."""
        if line is not None or begun not in self.catalog.files or b"\n" not in head or self._trial(begun, head).sound:
            return []
        return self._on_trial(self.catalog.columns.keys() & self.formats.keys(), head, line)

    def _length(self, name: FormatName) -> int | None:
        """Bytes of a record, where all records of the format have as many and end there."""
        order = self.catalog.files.get(name)
        return None if order is None or order.by_line or order.open_end else order.length

    def _has_length(self, name: FormatName, line: int | None) -> bool:
        """Whether lines of this length may be records of the format, a few bytes too long or too short among them."""
        length = self._length(name)
        return line is None or length is None or abs(length - line) <= NEARLY

    def _of_length(self, names: Iterable[FormatName], head: bytes, line: int | None) -> list[FormatName]:
        """Those whose records are as long as the lines, where they find no fault in the first ones."""
        return [n for n in names if line and self._length(n) == line and self._trial(n, head).is_clean]

    def one(self, head: bytes, file: str) -> FormatName:
        """The format of a file. Raises Unprocessable when none fits or several do, naming them."""
        if not head:
            raise Unprocessable(f"{file} is empty.", code="empty-body")
        found = self.fits(head)
        if len(found) == 1:
            return found[0]
        if not found:
            further = ", or look among the drafts too with --drafts" if self.catalog.withheld else ""
            raise Unprocessable(
                f"{file}: no known format fits; say which it is with --format{further}.", code="format-unknown"
            )
        names = ", ".join(found)
        raise Unprocessable(f"{file}: {names} all fit; say which it is with --format.", code="format-ambiguous")

    def _begins(self, name: FormatName) -> Begins:
        media_type = self.catalog.formats[name].media_type.partition(";")[0]
        if media_type.endswith("xml"):
            return _is_xml
        if media_type.endswith("json"):
            return _is_json
        if name in self.catalog.columns:
            return _heading_of(self.catalog.columns[name])
        if name in self.catalog.x12:
            return _set_of(self.catalog.x12[name])
        if name in self.catalog.files:
            return _record_of(self.catalog.files[name])
        return self._marked(name)

    def _marked(self, name: FormatName) -> Begins:
        """By the shape of the beginning, or by the record id of a header or of the records themselves."""
        if shape := _SHAPES.get(name.partition("-")[0]):
            return lambda head: shape.match(head) is not None
        marks = tuple(mark for mark in (self._mark(layout) for layout in self._first_layouts(name)) if mark)
        return lambda head: bool(marks) and head.startswith(marks)

    def _first_layouts(self, name: FormatName) -> Iterator[str]:
        """The layouts that a file of a format may begin with, its header first."""
        family = name.partition("-")[0]
        headers = [one for one in self.catalog.layouts if one in (f"{name}-header", f"{family}-header")]
        yield from headers or self.catalog.sequences.get(name, ())[:1]

    def _mark(self, layout: str) -> bytes:
        first = self.catalog.layouts[layout].fields[0]
        return (first.constant or "").encode() if first.picture is Picture.CONSTANT else b""

    def _on_trial(self, names: Iterable[FormatName], head: bytes, line: int | None) -> list[FormatName]:
        """Those that read most of the first records; of these, those that find the fewest faults; of these, those whose
        records may have that length; of these, those that know their records to the end. Where nothing marks a record,
        any line of its length would do for one, and for a format that knows only the beginning any longer line: such a
        format must read all of them without fault. And where the lines have another length than its records, a format
        must read at least one of them without fault."""
        tried: list[tuple[FormatName, tuple[_Trial, bool, bool]]] = []
        for name in names:
            found, other = self._trial(name, head), not self._has_length(name, line)
            unfit = self._is_unmarked(name) or found.unread == 1 or (other and not found.sound)
            if found.is_clean or not unfit:
                tried.append((name, (found, other, self._is_open_ended(name))))
        best = min((found for _, found in tried), default=None)
        return [name for name, found in tried if found == best]

    def _trial(self, name: FormatName, head: bytes) -> _Trial:
        return _trial(self.formats[name], head)

    def _is_open_ended(self, name: FormatName) -> bool:
        """Whether the format is of unmarked records whose end nobody knows."""
        return self._is_unmarked(name) and self.catalog.files[name].open_end

    def _is_unmarked(self, name: FormatName) -> bool:
        """Whether the format is of fixed-width records that nothing marks."""
        order = self.catalog.files.get(name)
        return order is not None and not any(record.marks for record in order.records)

    def _alike(self, names: Sequence[FormatName], head: bytes) -> tuple[FormatName, ...]:
        """Without the formats that read just as an earlier one does."""
        seen: set[object] = set()
        kept = []
        for name in names:
            reads: object = self.catalog.sequences.get(name) or self._text(name, head)
            if reads not in seen:
                kept.append(name)
            seen.add(reads)
        return tuple(kept)

    def _text(self, name: FormatName, head: bytes) -> object:
        """What makes two names one to a reader: the same records, and the same text in both encodings."""
        order = self.catalog.files.get(name)
        if order is None:
            return name
        return tuple(record.layout for record in order.records), head.decode(order.encoding, "replace")


def _is_xml(head: bytes) -> bool:
    if not head.lstrip().startswith(b"<"):
        return False
    found = _NAMESPACE.search(head)
    return found is None or found[1].decode("latin-1").startswith(_OURS)


def _is_json(head: bytes) -> bool:
    return head.lstrip()[:1] in (b"{", b"[")


def _record_of(order: FileOrder) -> Begins:
    """Whether the first record has the marks of one that a file may begin with. Many a text begins with the one letter
    or digit that marks a record, so where there is no more than that the first line has to be as long as a record."""
    header = [record for record in order.records if record.role is RecordRole.HEADER]
    must = [record for record in header if not record.optional]
    first = [r for r in must or order.records if r.marks and r.role not in (RecordRole.TRAILER, RecordRole.CONTROL)]

    def begins(head: bytes) -> bool:
        try:
            text = head[: order.length].decode(order.encoding)
        except UnicodeDecodeError:
            return False
        whole = len(text) == order.length and text.isprintable()
        return any(fits(record, text) and (whole or order.by_line or _is_plain(record)) for record in first)

    return begins


def _is_plain(record: FileRecord) -> bool:
    """Whether the marks of a record are more than its first byte."""
    return any(mark.start > 1 or len(mark.text) > 1 for mark in record.marks)


def line_length(head: bytes, *, whole: bool) -> int | None:
    """Bytes that all lines have; None where they differ, or without line ends. ``whole``: the file ends here."""
    lines = _LINE_END.split(head)
    ended = len(lines) > 1
    if not whole:
        lines.pop()
    lengths = {len(line) for line in lines if line}
    return lengths.pop() if ended and len(lengths) == 1 else None


def _set_of(table: TransactionSet) -> Begins:
    """Whether the first set of an interchange is of this code and version, or there is only an answer to one."""

    def begins(head: bytes) -> bool:
        text = head.lstrip()
        if not text.startswith(b"ISA") or text[_ISA_VERSION] != table.interchange.encode():
            return False
        separator, terminator = re.escape(text[3:4]), re.escape(text[_ISA_LENGTH - 1 : _ISA_LENGTH])
        found = re.search(terminator + rb"[\r\n]*ST" + separator + rb"([0-9]{3})", text)
        return found[1] == table.code.encode() if found else table.outside is not None

    return begins


def _heading_of(order: ColumnOrder) -> Begins:
    """Whether the first line names the columns; any order of columns begins with a number, so the first few count."""
    names = [column.name.casefold() for column in order.columns]

    def begins(head: bytes) -> bool:
        line = re.split(rb"[\r\n]", head, maxsplit=1)[0].decode("utf-8", "replace")
        headings = ([cell.strip(' "').casefold() for cell in line.split(one)] for one in order.delimiters)
        return any(len(one) == len(names) and one[:BY_HEADING] == names[:BY_HEADING] for one in headings)

    return begins


@dataclass(frozen=True, slots=True, order=True)
class _Trial:
    """How a format reads the first records; the less, the better it fits."""

    unread: float
    """Share of them that cannot be read."""
    faults: int
    """How many blocking faults the others have."""
    sound: int = field(compare=False)
    """How many have none."""

    @property
    def is_clean(self) -> bool:
        return not self.unread and not self.faults


def _trial(format_: Format, head: bytes) -> _Trial:
    reader = format_.reader()
    frames = list(islice(reader.feed(head[: HEAD - 1]), TRIAL))
    if not frames and not reader.findings:
        frames = list(islice(reader.finish(), TRIAL))
    if not frames:
        return _Trial(1, 0, 0)
    read = [one for one in (_decoded(format_, frame, reader.heading) for frame in frames) if one is not None]
    return _Trial(1 - len(read) / len(frames), sum(read), read.count(0))


def _decoded(format_: Format, frame: Frame, heading: Heading) -> int | None:
    """How many blocking faults a record has; None when it cannot be read at all."""
    try:
        decoded = format_.decode(frame, heading)
    except GatewayError:
        return None
    if decoded.content is None or not decoded.content.fields:
        return None
    return sum(finding.severity.blocks for finding in decoded.findings)
