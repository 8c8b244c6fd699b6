"""What the readers of fixed-width files share: bytes in pieces, cut into records with any line end or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

CR, LF = 0x0D, 0x0A
CRUMBS = 512
"""A body that comes byte by byte must not be searched again for each byte."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A record found at the start of a window: its bytes, and how many bytes of the window it used up."""

    body: bytes = field(repr=False)
    used: int


class Incoming:
    """Bytes not yet cut, and the number of the line that they begin on. Memory is bounded by what the caller leaves."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._previous = 0
        self._fresh = 0
        self.line = 1

    def add(self, data: bytes) -> bool:
        """Take more bytes. False: so little is new that looking for a record again is not worth it yet."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data
        self._fresh += len(data)
        worth = self._fresh >= CRUMBS or line_end(data) >= 0
        self._fresh = 0 if worth else self._fresh
        return worth

    def window(self, size: int) -> bytes:
        """The next bytes, at most ``size``."""
        return bytes(self._buffer[self._at : self._at + size])

    def whole(self, length: int) -> bytes | None:
        """The next bytes when exactly so many stand before a line end, as most records do; None: look closer."""
        buffer, at = self._buffer, self._at
        end = at + length
        if end >= len(buffer) or buffer[end] not in (CR, LF):
            return None
        if buffer.find(LF, at, end) >= 0 or buffer.find(CR, at, end) >= 0:
            return None
        return bytes(buffer[at:end])

    def run(self, length: int, mark: bytes) -> list[bytes]:
        """The next lines as long as each begins with the mark and has exactly so many bytes, stepped over with their
        ends. None where line ends are of several kinds. It looks at all bytes: ask once for each piece."""
        end = b"\r\n" if self._buffer[self._at + length : self._at + length + 1] == b"\r" else b"\n"
        rest = bytes(self._buffer[self._at :])
        lines = rest.split(end)
        ends = len(lines) - 1
        if rest.count(b"\n") != ends or rest.count(b"\r") != ends * (len(end) - 1):
            return []
        lines.pop()
        size = len(mark)
        alike = set(map(len, lines)) == {length} and {line[:size] for line in lines} == {mark}
        taken = lines if alike else list(takewhile(lambda line: len(line) == length and line.startswith(mark), lines))
        self.use(len(taken) * (length + len(end)))
        self.line += len(taken)
        return taken

    def line_of(self, limit: int) -> bytes | None:
        """The next bytes up to a line end; None when there is none within so many bytes."""
        end = line_end(self._buffer, self._at, self._at + limit)
        return bytes(self._buffer[self._at : end]) if end >= 0 else None

    def starts_with(self, byte: int) -> bool | None:
        """Whether the next byte is this one; None when there is none."""
        return self._buffer[self._at] == byte if self._at < len(self._buffer) else None

    def use(self, count: int) -> None:
        """Step over bytes that hold no line end."""
        if count:
            self._previous = 0
            self._at += count

    def skip_line_ends(self) -> None:
        """Step over CR, LF and CRLF, counting lines."""
        buffer, at, size = self._buffer, self._at, len(self._buffer)
        while at < size and (byte := buffer[at]) in (CR, LF):
            if byte == CR or self._previous != CR:
                self.line += 1
            self._previous = byte if byte == CR else 0
            at += 1
        self._at = at


def line_end(window: bytes | bytearray, start: int = 0, end: int | None = None) -> int:
    """Where the first CR or LF stands, -1 when there is none."""
    feed = window.find(LF, start, end)
    back = window.find(CR, start, end if feed < 0 else feed)
    return feed if back < 0 else back
