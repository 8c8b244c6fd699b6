"""Cuts a W-4 file into records, sans I/O: H4 header, W4 data, T4 trailer of 801 bytes each, any line end or none."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from transforms.cutting import PADDING, WINDOW, RecordCutter
from transforms.fixed_width import findings_of
from transforms.layout import CompiledLayout
from transforms.lines import Cut, line_end

W4_HEADER = RuleCode("W4-HEADER")
W4_HEADER_MISSING = RuleCode("W4-HEADER-MISSING")
W4_HEADER_REPEATED = RuleCode("W4-HEADER-REPEATED")
W4_TRAILER_COUNT = RuleCode("W4-TRAILER-COUNT")
W4_TRAILER_UNVERIFIED = RuleCode("W4-TRAILER-UNVERIFIED")
W4_AFTER_TRAILER = RuleCode("W4-AFTER-TRAILER")
W4_UNREADABLE = RuleCode("W4-UNREADABLE")

HEADER, DATA, TRAILER = b"H4", b"W4", b"T4"
_MARKS = (HEADER, DATA, TRAILER)
_COUNT = slice(2, 13)
"""Assumed place of the trailer's record count; no public source shows it."""


class W4Reader(RecordCutter):
    """The port ``Reader``. Without a usable header nothing is read: the directory rejects such records too."""

    def __init__(self, header: CompiledLayout, *, counted: bool) -> None:
        """``counted``: believe the trailer's layout, which no public source shows, and compare its count."""
        super().__init__()
        self._counted = counted
        self._header = header
        self._length = header.length
        self._trailer = False
        self._late = False

    def _end(self) -> None:
        if self._heading is None:
            self._stop(W4_HEADER_MISSING)

    def _go_on(self, frames: list[Frame], *, final: bool) -> None:
        incoming, length = self._incoming, self._length
        untried = True
        while not self._stopped:
            incoming.skip_line_ends()
            if untried and self._heading is not None and not self._trailer:
                untried = False
                self._take_run(frames)
                incoming.skip_line_ends()
            body = incoming.whole(length)
            if body is None:
                cut = self._next(incoming.window(WINDOW + 1), final=final)
                if cut is None:
                    break
                body, used = cut.body, cut.used
            else:
                used = length
            if body[:2] in _MARKS or body.strip(PADDING):
                self._take(body, frames)
            incoming.use(used)

    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        end = line_end(window[:WINDOW])
        stretch = window[:end] if end >= 0 else window[:WINDOW]
        if stretch[self._length : self._length + 2] in _MARKS:
            return Cut(stretch[: self._length], self._length)
        if end >= 0 or (final and 0 < len(window) <= WINDOW):
            return Cut(_unpadded(stretch, self._length), len(stretch))
        if len(window) > WINDOW:
            self._stop(W4_UNREADABLE)
        return None

    def _take(self, body: bytes, frames: list[Frame]) -> None:
        mark = body[:2]
        if mark == HEADER:
            self._take_header(body)
        elif self._heading is None:
            self._stop(W4_HEADER_MISSING)
        elif mark == TRAILER:
            self._take_trailer(body)
        else:
            self._note_late()
            self._framed(body, frames)

    def _take_run(self, frames: list[Frame]) -> None:
        """Data records in a row, as nearly all are."""
        line, first = self._incoming.line, self._ordinal + 1
        bodies = self._incoming.run(self._length, DATA)
        count = len(bodies)
        frames += map(Frame, range(first, first + count), bodies, range(line, line + count))
        self._ordinal += count

    def _take_header(self, body: bytes) -> None:
        if self._heading is not None:
            self._stop(W4_HEADER_REPEATED)
            return
        if len(body) != self._length:
            self._stop(W4_HEADER, f"expected {self._length} bytes, found {len(body)}")
            return
        fields: dict[str, str] = {}
        faults = self._header.read(body.decode("latin-1"), "", fields, required=True)
        self._findings += [
            replace(finding, rule=W4_HEADER, severity=Severity.FATAL, line=self._incoming.line, note=finding.rule)
            for finding in findings_of(faults, None)
        ]
        if faults:
            self._stopped = True
        elif not {"Transmission/TransmitterStateCode", "Transmission/TransmitterAgencyCode"} & fields.keys():
            self._stop(W4_HEADER, "neither a state nor an agency code")
        else:
            named = {f.name: fields[f.path] for f in self._header.layout.fields if f.path in fields}
            self._heading = Heading(fields, named)

    def _take_trailer(self, body: bytes) -> None:
        self._note_late()
        self._trailer = True
        self._findings.append(Finding(W4_TRAILER_UNVERIFIED, Severity.NOTICE, line=self._incoming.line))
        if self._counted:
            self._compare(body)

    def _compare(self, body: bytes) -> None:
        count, expected = body[_COUNT], self._ordinal + 2
        if not count.isdigit() or int(count) != expected:
            note = f"{expected} records were read"
            self._findings.append(Finding(W4_TRAILER_COUNT, Severity.WARNING, line=self._incoming.line, note=note))

    def _note_late(self) -> None:
        if self._trailer and not self._late:
            self._late = True
            self._findings.append(Finding(W4_AFTER_TRAILER, Severity.WARNING, line=self._incoming.line))


def _unpadded(line: bytes, length: int) -> bytes:
    """A line without the padding that follows a full record; anything else there is left for ``decode`` to find."""
    return line[:length] if len(line) > length and not line[length:].strip(PADDING) else line
