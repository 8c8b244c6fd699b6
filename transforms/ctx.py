"""The X12 820 of a CTX entry, in the pieces of 80 characters that its addenda records hold: its DED segments.

In the network ``*`` separates elements and ``\\`` ends a segment. The envelope of child support is in a licensed guide:
of the segments beside DED only ST and SE are looked at, which any transaction set has (X12: SE01 counts the segments
from ST to SE, SE02 repeats ST02); the others are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from transforms import ded

LONGEST = 4_096
"""Characters of a segment."""
_BEGINNINGS = frozenset({"ISA", "GS", "ST"})
_SET = "820"


@dataclass(slots=True)
class Remittance:
    """What one entry pays for."""

    payments: int = 0
    cents: int = 0
    """What the segments add up to, as far as they can be read."""
    passed: int = 0
    """Segments that are not DED, envelope included."""
    fault: str | None = None
    """What is wrong with the transaction set; nothing behind it is read."""
    _rest: str = field(default="", repr=False)
    _foreign: bool = False
    """Whether the addenda hold something else than X12."""
    _set: str | None = field(default=None, repr=False)
    """ST02 of the set that is open."""
    _sets: int = 0
    _count: int = 0

    def feed(self, piece: str) -> Iterator[str]:
        """The DED segments that end in this piece, with their ends; none behind a fault, of which nothing is kept."""
        if self.fault:
            return
        *whole, self._rest = f"{self._rest}{piece}".split(ded.TERMINATOR)
        for text in whole:
            if self._takes(text.strip(" ")):
                yield f"{text.strip(' ')}{ded.TERMINATOR}"
        if len(self._rest) > LONGEST:
            self._fail(f"no segment end within {LONGEST} characters")

    def finish(self) -> None:
        """The last addenda record has come."""
        if not (self._sets or self.passed or self.payments):
            self._foreign = self._rest.partition(ded.SEPARATOR)[0] not in _BEGINNINGS
        if self._foreign or self.fault:
            return
        if self._rest.strip(" "):
            self._fail("the last segment has no end")
        elif self._set is not None:
            self._fail("no SE")

    def _takes(self, segment: str) -> bool:
        """Whether this segment is a payment."""
        name, *elements = segment.split(ded.SEPARATOR)
        if not (self._sets or self.passed):
            self._foreign = name not in _BEGINNINGS
        if self._foreign or self.fault:
            return False
        self._count += 1
        if name == ded.NAME:
            self._add(elements)
            return True
        self.passed += 1
        if name == "ST":
            self._open(elements)
        elif name == "SE":
            self._close(elements)
        return False

    def _add(self, elements: list[str]) -> None:
        self.payments += 1
        if self._set is None:
            self._fail("DED outside of ST and SE")
        amount = elements[3].strip(" ") if len(elements) > 3 else ""  # noqa: PLR2004 - DED04
        self.cents += int(amount) if amount.isascii() and amount.isdecimal() else 0

    def _open(self, elements: list[str]) -> None:
        if self._set is not None or len(elements) < 2 or elements[0] != _SET:  # noqa: PLR2004 - ST01 and ST02
            self._fail(f"ST does not begin a transaction set {_SET}")
        else:
            self._set, self._count = elements[1], 1
            self._sets += 1

    def _close(self, elements: list[str]) -> None:
        count, number = [*elements, "", ""][:2]
        if self._set is None or number != self._set:
            self._fail("SE does not end the set that ST began")
        elif not count.isdecimal() or int(count) != self._count:
            self._fail(f"{self._count} segments counted")
        self._set = None

    def _fail(self, why: str) -> None:
        self.fault = self.fault or why
