"""Cuts a fixed-width file into records and checks what stands around them, sans I/O.

Each frame is one detail; with a group record, the group record's bytes come first in the frame, so that a detail can be
decoded wherever its chunk of the file goes. A control that does not agree is fatal: the file is refused as a whole,
with every such control named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from gateway.core.file_order import RecordRole
from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from transforms.controls import NOTED, Tally, is_checked, total_of
from transforms.cutting import PADDING, WINDOW, RecordCutter
from transforms.encodings import Encoding
from transforms.files_records import OWN, Record, Records
from transforms.fixed_width import findings_of
from transforms.layout import codec_of
from transforms.lines import Cut, line_end

FILE_HEADER = RuleCode("FILE-HEADER")
FILE_HEADER_MISSING = RuleCode("FILE-HEADER-MISSING")
FILE_HEADER_REPEATED = RuleCode("FILE-HEADER-REPEATED")
FILE_TRAILER = RuleCode("FILE-TRAILER")
FILE_TRAILER_MISSING = RuleCode("FILE-TRAILER-MISSING")
FILE_AFTER_TRAILER = RuleCode("FILE-AFTER-TRAILER")
FILE_GROUP = RuleCode("FILE-GROUP")
FILE_GROUP_OPEN = RuleCode("FILE-GROUP-OPEN")
FILE_GROUP_CLOSED = RuleCode("FILE-GROUP-CLOSED")
FILE_NOTED = RuleCode("FILE-NOTED")
FILE_COUNT = RuleCode("FILE-COUNT")
FILE_AMOUNT = RuleCode("FILE-AMOUNT")
FILE_CONTROL = RuleCode("FILE-CONTROL")
FILE_CONTROL_REPEATED = RuleCode("FILE-CONTROL-REPEATED")
FILE_CONTROL_DOUBT = RuleCode("FILE-CONTROL-DOUBT")
FILE_CUT_OFF = RuleCode("FILE-CUT-OFF")
FILE_UNREADABLE = RuleCode("FILE-UNREADABLE")


class FileReader(RecordCutter):
    """The port ``Reader``."""

    def __init__(self, records: Records, encoding: Encoding, notices: Sequence[Finding] = ()) -> None:
        super().__init__(notices, max(WINDOW, 3 * records.order.length))
        self._records = records
        self._encoding = encoding
        self._length = records.order.length
        self._bare = not records.order.line_end
        """Records follow each other without line ends, as far as is known."""
        self._tally = Tally()
        self._amounts = records.amounts
        self._pending: list[tuple[Record, dict[str, str], int]] = []
        """What the header says of the file, checked in the end."""
        self._control: tuple[Record, dict[str, str], int] | None = None
        self._group: tuple[Record, dict[str, str], int] | None = None
        self._group_body = ""
        self._in_group = False
        self._ended = False

    def feed(self, data: bytes) -> list[Frame]:
        return self._cut(self._encoding.read(data), final=False)

    def _end(self) -> None:
        header, trailer = self._records.header, self._records.trailer
        if header and not header.record.optional and self._heading is None:
            self._stop(FILE_HEADER_MISSING)
        elif trailer and not trailer.record.optional and not self._ended:
            self._stop(FILE_TRAILER_MISSING)
        self._leave_group()
        for record, values, line in self._pending:
            self._findings += self._wrong_controls(record, values, line)
        if self._control is not None:
            self._findings += self._doubtful(*self._control)

    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        """The next record: up to its line end, or as long as the format says where another record follows at once."""
        length, end = self._length, line_end(window)
        stretch = window[:end] if end >= 0 else window
        if len(stretch) > length and self._follows(stretch[length:]):
            return Cut(stretch[:length], length)
        short = end < 0 and final and len(window) < length and window.strip(PADDING)
        if short and not self._records.order.by_line:
            self._stop(FILE_CUT_OFF, f"expected {length} bytes, found {len(window)}")
            return None
        if end >= 0 or (final and window and len(window) <= self._window):
            return Cut(self._unpadded(stretch), len(stretch))
        if self._bare and len(stretch) >= length:
            return Cut(stretch[:length], length)
        if len(window) > self._window:
            self._stop(FILE_UNREADABLE)
        return None

    def _follows(self, rest: bytes) -> bool:
        if self._records.order.open_end or self._records.order.by_line:
            return False
        self._bare = self._bare or (len(rest) >= self._length and self._records.begins(rest.decode("latin-1")))
        return self._bare

    def _unpadded(self, line: bytes) -> bytes:
        """A line without the spaces that follow a full record; anything else there is left for ``decode`` to find."""
        length = self._length
        return line[:length] if len(line) > length and not line[length:].strip(PADDING) else line

    def _take(self, body: bytes, frames: list[Frame]) -> None:
        self._take_text(body.decode("latin-1"), frames)

    def _take_text(self, body: str, frames: list[Frame]) -> None:
        record = self._records.recognise(body)
        body = record.whole(body) if record is not None else body
        role = record.role if record else RecordRole.DETAIL
        self._tally.all += 1
        if record is not None:
            self._tally.layouts[record.name] += 1
        if self._ended:
            self._stop(FILE_AFTER_TRAILER)
        elif record and role is RecordRole.HEADER:
            self._take_header(record, body)
        elif self._records.header and not self._records.header.record.optional and self._heading is None:
            self._stop(FILE_HEADER_MISSING)
        elif record and role is RecordRole.TRAILER:
            self._take_trailer(record, body)
        elif record and role is RecordRole.GROUP:
            self._take_group(record, body)
        elif record and role is RecordRole.GROUP_END:
            self._take_group_end(record, body)
        elif role is RecordRole.ASIDE:
            return
        elif record and role is RecordRole.CONTROL:
            self._take_control(record, body)
        else:
            self._take_detail(record, body, frames)

    def _take_header(self, record: Record, body: str) -> None:
        if self._heading is not None or self._tally.all > 1:
            self._stop(FILE_HEADER_REPEATED)
            return
        values = self._read(record, body, FILE_HEADER)
        if values is None:
            self._stopped = True
            return
        named = {f.name: values[f.path] for f in record.compiled.layout.fields if f.path in values}
        self._heading = Heading({path: value for path, value in values.items() if not path.startswith(OWN)}, named)
        self._pending.append((record, values, self._incoming.line))

    def _take_trailer(self, record: Record, body: str) -> None:
        self._leave_group()
        self._ended = True
        values = self._read(record, body, FILE_TRAILER)
        if values is not None:
            self._pending.append((record, values, self._incoming.line))

    def _take_control(self, record: Record, body: str) -> None:
        if self._control is not None:
            self._stop(FILE_CONTROL_REPEATED)
            return
        values = self._read(record, body, FILE_CONTROL)
        if values is not None:
            self._control = record, values, self._incoming.line

    def _take_group(self, record: Record, body: str) -> None:
        self._leave_group()
        values = self._read(record, body, FILE_GROUP)
        self._in_group, self._group_body = True, body if len(body) == self._length else ""
        self._tally.groups += 1
        if values is not None:
            self._group = record, values, self._incoming.line

    def _take_group_end(self, record: Record, body: str) -> None:
        if not self._in_group:
            self._stop(FILE_GROUP_CLOSED)
            return
        values = self._read(record, body, FILE_GROUP)
        if values is not None:
            self._findings += self._wrong_controls(record, values, self._incoming.line)
        self._close_group()
        self._group_body = ""

    def _leave_group(self) -> None:
        """A group ends where another record than its own says so; wrong where it has an end of its own."""
        if self._in_group and self._records.group_end:
            self._findings.append(Finding(FILE_GROUP_OPEN, Severity.FATAL, line=self._incoming.line))
        self._close_group()

    def _close_group(self) -> None:
        if self._group is not None:
            self._findings += self._wrong_controls(*self._group)
        self._group, self._tally.group, self._in_group = None, 0, False

    def _take_detail(self, record: Record | None, body: str, frames: list[Frame]) -> None:
        self._tally.details += 1
        self._tally.group += 1
        if record is not None and self._amounts:
            self._add_amounts(record, body)
        self._framed((self._group_body + body).encode("latin-1"), frames)

    def _add_amounts(self, record: Record, body: str) -> None:
        for field in record.compiled.layout.fields:
            if field.name in self._amounts and field.path:
                read = codec_of(field).read
                value = read(body[field.start - 1 : field.start - 1 + field.length]) if read else None
                added = Decimal(value) if value else Decimal()
                self._tally.sums[field.name] = self._tally.sums.get(field.name, Decimal()) + added

    def _read(self, record: Record, body: str, rule: RuleCode) -> dict[str, str] | None:
        """The values of a record around the details; None after a finding that refuses the file."""
        if len(body) != record.length:
            note = f"expected {record.length} bytes, found {len(body)}"
            self._findings.append(Finding(rule, Severity.FATAL, line=self._incoming.line, note=note))
            return None
        values: dict[str, str] = {}
        faults = record.read(body, values)
        self._findings += [
            replace(
                finding,
                rule=rule,
                severity=Severity.FATAL if finding.severity.blocks else finding.severity,
                line=self._incoming.line,
                path=None,
                note=finding.rule,
            )
            for finding in findings_of(faults, None)
        ]
        self._findings += [
            Finding(FILE_NOTED, Severity.WARNING, None, f.name, None, f.start, f.length, self._incoming.line)
            for key, (f, source) in record.fill.items()
            if source == NOTED and key in values
        ]
        return None if any(fault.severity.blocks for fault in faults) else values

    def _wrong_controls(self, record: Record, values: dict[str, str], line: int) -> Iterator[Finding]:
        for key, (field, source) in record.fill.items():
            if not is_checked(source):
                continue
            given, expected = values.get(key), self._tally.expected(source)
            if given is None or not _agrees(given, expected):
                count = "." not in expected[0]
                note = f"{' or '.join(expected)} counted" if count else "the records add up to another amount"
                yield Finding(
                    FILE_COUNT if count else FILE_AMOUNT,
                    Severity.FATAL,
                    field=field.name,
                    start=field.start,
                    length=field.length,
                    line=line,
                    note=note,
                )

    def _doubtful(self, record: Record, values: dict[str, str], line: int) -> Iterator[Finding]:
        """Where the parts of a control record do not add up to what was counted: a warning, because no source tells
        what exactly they count."""
        parts: dict[str, Decimal] = {}
        for key, (_, source) in record.fill.items():
            if total := total_of(source):
                parts[total] = parts.get(total, Decimal()) + Decimal(values.get(key, "0"))
        for total, given in parts.items():
            expected = self._tally.expected(total)
            if not _agrees(str(given), expected):
                count = "." not in expected[0]
                note = f"{' or '.join(expected)} counted" if count else "the records add up to another amount"
                yield Finding(FILE_CONTROL_DOUBT, Severity.WARNING, line=line, note=note)


def _agrees(given: str, expected: Sequence[str]) -> bool:
    return any(Decimal(given) == Decimal(one) for one in expected)
