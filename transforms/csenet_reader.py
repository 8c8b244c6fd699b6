"""Cuts a CSENet file into transactions, sans I/O.

There is no file header, and no separator is sure: a transaction ends at CR, LF or CRLF, or at the length that its own
counts ask for when another header follows; padding of spaces after it is ignored (fixed records of 8,482 bytes).
"""

from __future__ import annotations

import re

from gateway.core.model import RuleCode
from gateway.core.ports.formats import Frame
from transforms.csenet_shape import COUNTS_END, Shape
from transforms.cutting import PADDING, RecordCutter
from transforms.lines import Cut, line_end

CSE_UNREADABLE = RuleCode("CSE-UNREADABLE")

WINDOW = 16_384
"""Longest stretch without an end of a transaction: nearly twice the longest padded record."""
SPACE = 0x20
SPACES = 15
"""So many spaces at the start of a record are the padding of the one before: a header's version stands at byte 15."""

_HEADER = re.compile(rb"[0-9]{5}.{2}[0-9]{5}.{2}003", re.DOTALL)
_HEADER_LENGTH = 17


class CsenetReader(RecordCutter):
    """The port ``Reader`` for CSENet. A transaction of the wrong length is a frame; ``decode`` says what is wrong."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(window=WINDOW)
        self._shape = shape
        self._padding = False

    def _go_on(self, frames: list[Frame], *, final: bool) -> None:
        while True:
            self._skip(final=final)
            cut = self._line() or self._next(self._incoming.window(WINDOW + 1), final=final)
            if cut is None:
                return
            if cut.body.strip(PADDING):
                self._take(cut.body, frames)
            self._incoming.use(cut.used)

    def _take(self, body: bytes, frames: list[Frame]) -> None:
        self._framed(body, frames)

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
            if not (self._padding or spaces >= SPACES or (ended and spaces == len(window))):
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
            self._stop(CSE_UNREADABLE, f"after {self._ordinal} records")
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
