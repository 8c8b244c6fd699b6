"""X12 bytes cut into segments: the delimiters that an ISA declares, and segments as tag and elements.

An ISA has 106 bytes of fixed places; byte 4 is the element separator, byte 83 the repetition separator (from version
00501 on), byte 105 the component separator and byte 106 the segment terminator.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ISA_LENGTH = 106
SEGMENT_LIMIT = 64 * 1024
"""Bytes of one segment; the longest of a guide has some hundreds."""
_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
"""Where an ISA has its element separators, 0-based."""
_REPETITION, _VERSION, _COMPONENT, _TERMINATOR = 82, slice(84, 89), 104, 105
_WITH_REPETITION = "00501"
LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four characters that have a meaning of their own; ``repetition`` is empty in versions without it."""

    element: str = "*"
    repetition: str = "^"
    component: str = ":"
    terminator: str = "~"

    @property
    def all(self) -> str:
        return f"{self.element}{self.repetition}{self.component}{self.terminator}"

    def collide(self) -> bool:
        """Whether two are equal, or one is a character that values are made of."""
        line_end = self.terminator.encode("latin-1") in (b"\r", b"\n")
        plain = self.all[:-1] if line_end else self.all
        odd = any(one.isalnum() or not one.isascii() or not one.isprintable() or one == " " for one in plain)
        return odd or len(set(self.all)) != len(self.all)


@dataclass(frozen=True, slots=True)
class Cut:
    """One segment: its elements, the tag first."""

    parts: tuple[str, ...] = field(repr=False)

    @property
    def tag(self) -> str:
        return self.parts[0]

    def get(self, position: int) -> str:
        """The element at a 1-based position; empty when the segment is shorter."""
        return self.parts[position] if position < len(self.parts) else ""


def fits_isa(text: str) -> bool:
    """Whether 106 characters have their separators where an ISA has them, and nowhere else."""
    separator = text[3]
    return text.startswith("ISA") and [n for n, one in enumerate(text[:_COMPONENT]) if one == separator] == [
        *_SEPARATORS
    ]


def delimiters_of(isa: str) -> Delimiters:
    """What an ISA of the right places declares."""
    repetition = isa[_REPETITION] if isa[_VERSION] >= _WITH_REPETITION else ""
    return Delimiters(isa[3], repetition, isa[_COMPONENT], isa[_TERMINATOR])


def segment(text: str, marks: Delimiters) -> Cut:
    """A segment without its terminator."""
    return Cut(tuple(text.split(marks.element)))


def segments(text: str) -> tuple[Delimiters, list[Cut]]:
    """The segments of a text that begins with an ISA, the ISA among them."""
    marks = delimiters_of(text)
    rest = text[ISA_LENGTH:].split(marks.terminator)
    if not rest[-1]:
        rest.pop()
    return marks, [segment(text[: ISA_LENGTH - 1], marks), *(segment(one, marks) for one in rest)]


class Pending:
    """Bytes that are not yet a segment. Memory is bounded by :data:`SEGMENT_LIMIT` and one piece."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        """Where the next segment begins."""
        self._seen = 0
        """Up to where no terminator was found."""

    def add(self, data: bytes) -> None:
        del self._buffer[: self._at]
        self._seen = max(self._seen - self._at, 0)
        self._at = 0
        self._buffer += data

    @property
    def size(self) -> int:
        return len(self._buffer) - self._at

    def skip(self, characters: bytes) -> None:
        """Step over such characters at the front."""
        while self._at < len(self._buffer) and self._buffer[self._at] in characters:
            self._at += 1

    def head(self, size: int) -> str:
        return self._buffer[self._at : self._at + size].decode("latin-1")

    def use(self, size: int) -> None:
        self._at += size

    def until(self, terminator: str) -> str | None:
        """The text up to the next terminator, which is used up; None when it has not come."""
        end = self._buffer.find(terminator.encode("latin-1"), max(self._at, self._seen))
        if end < 0:
            self._seen = len(self._buffer)
            return None
        text = self._buffer[self._at : end].decode("latin-1")
        self._at = end + 1
        return text
