"""What readers (the port ``Reader``) share: what they tell of their file, and how records are cut from bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import FileHeader, Frame, Heading
from transforms.lines import Cut, Incoming

END_MARK = b"\x1a"
PADDING = b" " + END_MARK
"""A line of these alone is no record: filled up blocks, and the end mark of old systems."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors and programs put before text in UTF-8; it says nothing here."""
MOST_FINDINGS = 50_000
"""Of a file, beside those of its records; they are kept until its end, and one record may have dozens."""
WINDOW = 4_096
"""Longest stretch in which the end of a record is looked for."""

FILE_FAULTS = RuleCode("FILE-FAULTS")


class Told:
    """A reader's word on its file: the header, and what is wrong with the file as a whole."""

    def __init__(self, notices: Sequence[Finding] = ()) -> None:
        self._heading: Heading | None = None
        self._findings: list[Finding] = list(notices)

    @property
    def heading(self) -> Heading:
        return self._heading or Heading()

    @property
    def headers(self) -> Sequence[FileHeader]:
        told = self.heading.file
        return (FileHeader(told),) if told else ()

    @property
    def findings(self) -> Sequence[Finding]:
        return tuple(self._findings)


class RecordCutter(Told, ABC):
    """Cuts a file of records with any line end or none. A format says where its next record ends, what becomes of it,
    and what must have come by the end of the file."""

    def __init__(self, notices: Sequence[Finding] = (), window: int = WINDOW) -> None:
        super().__init__(notices)
        self._window = window
        self._incoming = Incoming()
        self._ordinal = 0
        self._stopped = False
        self._first: bytes | None = b""
        """The first bytes, as long as they may be a byte order mark."""

    def feed(self, data: bytes) -> list[Frame]:
        return self._cut(data, final=False)

    def finish(self) -> list[Frame]:
        frames = self._cut(b"", final=True)
        if not self._stopped:
            self._end()
        return frames

    def _cut(self, data: bytes, *, final: bool) -> list[Frame]:
        frames: list[Frame] = []
        data = self._unmarked(data, final=final)
        if not self._stopped and (self._incoming.add(data) or final):
            self._go_on(frames, final=final)
        return frames

    def _unmarked(self, data: bytes, *, final: bool) -> bytes:
        """The bytes without a byte order mark before the first record."""
        if self._first is None:
            return data
        data = self._first + data
        waits = not final and len(data) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(data)
        self._first = data if waits else None
        return b"" if waits else data.removeprefix(BYTE_ORDER_MARK)

    def _go_on(self, frames: list[Frame], *, final: bool) -> None:
        """Cut what can be cut of the bytes at hand."""
        while not self._stopped:
            self._incoming.skip_line_ends()
            cut = self._next(self._incoming.window(self._window + 1), final=final)
            if cut is None:
                return
            if cut.body.strip(PADDING):
                self._take(cut.body, frames)
                if len(self._findings) > MOST_FINDINGS:
                    self._stop(FILE_FAULTS, f"more than {MOST_FINDINGS} findings")
            self._incoming.use(cut.used)

    @abstractmethod
    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        """The record at the start of the window, which begins on no line end; None: more bytes have to come."""

    @abstractmethod
    def _take(self, body: bytes, frames: list[Frame]) -> None:
        """Make a frame of a record, or read what it says of the file."""

    def _end(self) -> None:
        """The file has come to its end: say what is missing."""

    def _framed(self, body: bytes, frames: list[Frame]) -> None:
        self._ordinal += 1
        frames.append(Frame(self._ordinal, body, self._incoming.line))

    def _stop(self, rule: RuleCode, note: str | None = None) -> None:
        """Nothing behind this can be read."""
        self._stopped = True
        self._findings.append(Finding(rule, Severity.FATAL, line=self._incoming.line, note=note))
