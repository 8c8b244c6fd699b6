"""Serial numbers that came before in the same file, remembered in runs so that a counted file takes no memory."""

from __future__ import annotations

from bisect import bisect_right

MOST_RUNS = 100_000
"""Runs, and numbers that are not digits, that are remembered for each sender; a file whose numbers jump more often is
looked through that far only."""


class Serials:
    """The numbers of one sender as runs without gaps."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        self._other: set[str] = set()

    def again(self, serial: str) -> bool:
        """Whether the number, as it is written, came before; it is remembered. 01 is another number than 1."""
        if serial.isascii() and serial.isdecimal():
            return self.repeated(int(f"1{serial}"))
        if serial in self._other:
            return True
        if len(self._other) < MOST_RUNS:
            self._other.add(serial)
        return False

    def repeated(self, number: int) -> bool:
        """Whether the number came before; it is remembered."""
        first, last = self._first, self._last
        place = bisect_right(first, number)
        before = place - 1
        if place and number <= last[before]:
            return True
        joins_before = place > 0 and last[before] + 1 == number
        joins_after = place < len(first) and first[place] == number + 1
        if joins_before and joins_after:
            last[before] = last[place]
            del first[place], last[place]
        elif joins_before:
            last[before] = number
        elif joins_after:
            first[place] = number
        elif len(first) < MOST_RUNS:
            first.insert(place, number)
            last.insert(place, number)
        return False
