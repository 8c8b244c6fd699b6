"""Cuts a CSENet file into transactions, sans I/O.

There is no file header, and no separator is sure: a transaction ends at CR, LF or CRLF, or at the length that its own
counts ask for when another header follows; padding of spaces after it is ignored (fixed records of 8,482 bytes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from transforms.csenet_shape import COUNTS_END, Shape
from transforms.lines import Cut, Incoming, line_end

CSE_UNREADABLE = RuleCode("CSE-UNREADABLE")

WINDOW = 16_384
"""Longest stretch without an end of a transaction: nearly twice the longest padded record."""
SPACE = 0x20
PADDING = 15
"""So many spaces at the start of a record are the padding of the one before: a header's version stands at byte 15."""

_HEADER = re.compile(rb"[0-9]{5}.{2}[0-9]{5}.{2}003", re.DOTALL)
_HEADER_LENGTH = 17


class CsenetReader:
    """The port ``Reader`` for CSENet. A transaction of the wrong length is a frame; ``decode`` says what is wrong."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._incoming = Incoming()
        self._ordinal = 0
        self._padding = False
        self._findings: list[Finding] = []
        self._stopped = False

    @property
    def heading(self) -> Heading:
        return Heading()

    @property
    def findings(self) -> Sequence[Finding]:
        return tuple(self._findings)

    def feed(self, data: bytes) -> list[Frame]:
        return self._cut(data, final=False)

    def finish(self) -> list[Frame]:
        return self._cut(b"", final=True)

    def _cut(self, data: bytes, *, final: bool) -> list[Frame]:
        if self._stopped or not (self._incoming.add(data) or final):
            return []
        frames: list[Frame] = []
        while True:
            self._skip(final=final)
            cut = self._line() or self._next(self._incoming.window(WINDOW + 1), final=final)
            if cut is None:
                return frames
            if cut.body.strip(b" "):
                self._ordinal += 1
                frames.append(Frame(self._ordinal, cut.body, self._incoming.line))
            self._incoming.use(cut.used)

    def _skip(self, *, final: bool) -> None:
        """Step over line ends and over the padding of a fixed-length record."""
        while True:
            self._incoming.skip_line_ends()
            if self._incoming.starts_with(SPACE) is False:
                self._padding = False
                return
            window = self._incoming.window(WINDOW)
            spaces = len(window) - len(window.lstrip(b" "))
            ended = final or spaces < len(window)
            if spaces == 0:
                self._padding = self._padding and not window
                return
            if not (self._padding or spaces >= PADDING or (ended and spaces == len(window))):
                return
            self._padding = True
            self._incoming.use(spaces)

    def _line(self) -> Cut | None:
        """The usual transaction: as long as its counts ask for, then a line end. None: look closer."""
        line = self._incoming.line_of(WINDOW)
        if line is None or len(line) < COUNTS_END or len(line) != self._shape.blocks(line).length:
            return None
        return Cut(line, len(line))

    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        end = line_end(window[:WINDOW])
        following = self._following(window[:WINDOW] if end < 0 else window[:end])
        if following:
            return following
        if end >= 0:
            return Cut(window[:end], end)
        if len(window) > WINDOW:
            self._stop()
            return None
        return Cut(window, len(window)) if final and window else None

    def _following(self, stretch: bytes) -> Cut | None:
        """The first transaction of a stretch when another header follows it without a line end."""
        if len(stretch) < COUNTS_END:
            return None
        length = self._shape.blocks(stretch).length
        rest = stretch[length:].lstrip(b" ")
        if len(rest) < _HEADER_LENGTH or not _HEADER.match(rest):
            return None
        return Cut(stretch[:length], len(stretch) - len(rest))

    def _stop(self) -> None:
        self._stopped = True
        self._findings.append(
            Finding(CSE_UNREADABLE, Severity.FATAL, line=self._incoming.line, note=f"after {self._ordinal} records")
        )
