"""Cuts a JSON file into its record objects without holding the file or parsing it.

Three shapes: one object (a record), ``{"records": [...]}``, or objects one after the other (newline-delimited JSON).
The cutter follows strings, escapes and brackets only; whether a record is JSON at all is for ``decode`` to say.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame
from transforms.cutting import Told

RECORD_LIMIT = 8 * 2**20
"""Bytes of one record."""
DEPTH_LIMIT = 64
ENVELOPE_LIMIT = 1024
"""Bytes within which ``{"records": [`` must have come; what is longer is taken for a record."""

_BLANK = b" \t\r\n"
_BLANKS = re.compile(rb"[ \t\r\n]+")
_BOM = b"\xef\xbb\xbf"
_ENVELOPE = re.compile(rb'\{[ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*([^ \t\r\n])', re.DOTALL)
_OUTSIDE = re.compile(rb'["{}\[\]]')
_OUTSIDE_TOP = re.compile(rb'["{}\[\],]')
_INSIDE = re.compile(rb'["\\]')


class _Place(Enum):
    """Where in the file the next byte stands."""

    START = auto()
    """Before a byte order mark."""
    SHAPE = auto()
    """Before the first byte that is not blank, or not sure yet which shape the file has."""
    SEQUENCE = auto()
    """Between records that stand one after the other."""
    ARRAY = auto()
    """Before a record of the ``records`` array."""
    RECORD = auto()
    """Within a record of a sequence: it ends with its closing bracket."""
    ELEMENT = auto()
    """Within an element of the array: it ends before a comma or the end of the array."""
    TAIL = auto()
    """After the ``records`` array."""
    STOPPED = auto()


class JsonCutter(Told):
    """A :class:`gateway.core.ports.formats.Reader` of JSON files. Memory is bounded by one record."""

    def __init__(self) -> None:
        super().__init__()
        self._place = _Place.START
        self._buffer = bytearray()
        self._at = 0
        """Index in the buffer of the next byte to look at."""
        self._depth = 0
        self._in_string = False
        self._line = 1
        self._ordinal = 0
        self._closed = False
        """The outer object of the envelope has ended."""
        self._last = False
        self._steps = {
            _Place.START: self._start,
            _Place.SHAPE: self._shape,
            _Place.SEQUENCE: self._sequence,
            _Place.ARRAY: self._array,
            _Place.RECORD: self._scan,
            _Place.ELEMENT: self._scan,
            _Place.TAIL: self._tail,
            _Place.STOPPED: self._stopped,
        }

    def feed(self, data: bytes) -> list[Frame]:
        if self._place is _Place.STOPPED:
            return []
        self._buffer += data
        return self._cut()

    def finish(self) -> list[Frame]:
        self._last = True
        frames = self._cut()
        complete = self._place is _Place.SEQUENCE or (self._place is _Place.TAIL and self._closed)
        if not complete and self._place is not _Place.STOPPED:
            self._stop("JSON-CUT", "the file ends too early")
        return frames

    def _cut(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._steps[self._place](frames):
            pass
        return frames

    # --- steps: each returns whether there is more to do with the bytes at hand ---------------------------------------

    def _start(self, _frames: list[Frame]) -> bool:
        if len(self._buffer) < len(_BOM) and not self._last and _BOM.startswith(bytes(self._buffer)):
            return False
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        self._place = _Place.SHAPE
        return True

    def _shape(self, _frames: list[Frame]) -> bool:
        self._skip_blank()
        if not self._buffer:
            return False
        if self._buffer[0] != ord("{"):
            return self._stop("JSON-SHAPE", 'expected an object or {"records": [...]}')
        found = _ENVELOPE.match(self._buffer[:ENVELOPE_LIMIT])
        if found is None and len(self._buffer) < ENVELOPE_LIMIT and not self._last:
            return False
        if found is None or found[1] != b"records":
            self._place = _Place.SEQUENCE
        elif found[2] == b"[":
            self._drop(found.end())
            self._place = _Place.ARRAY
        else:
            self._stop("JSON-SHAPE", "the member records must be an array")
        return True

    def _sequence(self, _frames: list[Frame]) -> bool:
        self._skip_blank()
        if not self._buffer:
            return False
        if self._buffer[0] != ord("{"):
            return self._stop("JSON-SHAPE", "expected an object")
        self._place = _Place.RECORD
        return True

    def _array(self, _frames: list[Frame]) -> bool:
        self._skip_blank()
        if not self._buffer:
            return False
        if self._buffer[0] == ord("]") and self._ordinal == 0:
            self._drop(1)
            self._place = _Place.TAIL
        else:
            self._place = _Place.ELEMENT
        return True

    def _scan(self, frames: list[Frame]) -> bool:
        """Follow brackets and strings to the end of the record."""
        while (found := self._pattern().search(self._buffer, self._at)) is not None:
            mark = found[0]
            self._at = found.end()
            if self._in_string:
                if not self._string(mark):
                    return self._wait()
            elif mark == b'"':
                self._in_string = True
            elif self._bracket(mark, frames):
                return self._place is not _Place.STOPPED
        self._at = len(self._buffer)
        return self._wait()

    def _pattern(self) -> re.Pattern[bytes]:
        if self._in_string:
            return _INSIDE
        return _OUTSIDE_TOP if self._depth == 0 else _OUTSIDE

    def _string(self, mark: bytes) -> bool:
        """Step over an escape or out of the string; False when the escaped byte has not come yet."""
        if mark == b'"':
            self._in_string = False
        elif self._at < len(self._buffer):
            self._at += 1
        else:
            self._at -= 1
            return False
        return True

    def _bracket(self, mark: bytes, frames: list[Frame]) -> bool:
        """Count the bracket; True when it ends the record or stops the reading."""
        if mark in b"{[":
            self._depth += 1
            if self._depth > DEPTH_LIMIT:
                self._stop("JSON-DEPTH", f"more than {DEPTH_LIMIT} brackets deep")
            return self._depth > DEPTH_LIMIT
        if self._depth == 0:
            self._end_element(mark, frames)
            return True
        if mark in b"}]":
            self._depth -= 1
        if self._depth == 0 and self._place is _Place.RECORD:
            self._emit(self._at, frames)
            self._place = _Place.SEQUENCE
            return True
        return False

    def _end_element(self, mark: bytes, frames: list[Frame]) -> None:
        if mark == b"}":
            self._stop("JSON-SHAPE", "the array of records is not closed")
            return
        self._emit(self._at - 1, frames)
        self._drop(1)
        if self._place is not _Place.STOPPED:
            self._place = _Place.ARRAY if mark == b"," else _Place.TAIL

    def _emit(self, end: int, frames: list[Frame]) -> None:
        if end > RECORD_LIMIT:
            self._stop("JSON-SIZE", f"a record of more than {RECORD_LIMIT} bytes")
            return
        self._ordinal += 1
        frames.append(Frame(self._ordinal, bytes(self._buffer[:end]).rstrip(_BLANK), self._line))
        self._drop(end)

    def _wait(self) -> bool:
        if len(self._buffer) > RECORD_LIMIT:
            self._stop("JSON-SIZE", f"a record of more than {RECORD_LIMIT} bytes")
        return False

    def _tail(self, _frames: list[Frame]) -> bool:
        while self._buffer:
            self._skip_blank()
            if not self._buffer:
                break
            if self._closed or self._buffer[0] != ord("}"):
                return self._stop("JSON-SHAPE", "only the member records is known beside the records")
            self._closed = True
            self._drop(1)
        return False

    def _stopped(self, _frames: list[Frame]) -> bool:
        return False

    # --- the buffer --------------------------------------------------------------------------------------------------

    def _skip_blank(self) -> None:
        blank = _BLANKS.match(self._buffer)
        if blank is not None and blank.end():
            self._drop(blank.end())

    def _drop(self, count: int) -> None:
        self._line += self._buffer.count(b"\n", 0, count)
        del self._buffer[:count]
        self._at = 0

    def _stop(self, rule: str, note: str) -> bool:
        self._findings.append(Finding(RuleCode(rule), Severity.FATAL, line=self._line, note=note))
        self._place = _Place.STOPPED
        self._buffer.clear()
        self._at = 0
        return False
