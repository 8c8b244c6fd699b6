"""Cuts a NACHA file into its addenda records, sans I/O: 94 bytes each, any line end or none.

A file is 1 (5 (6 7*)* 8)* 9, then any number of filler records 9; or addenda records alone, as ``ach-ded`` writes them.
A file whose records do not come in this order, or that ends too early, is refused as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from transforms.cutting import PADDING, WINDOW, RecordCutter
from transforms.lines import Cut, line_end
from transforms.x12_elements import is_short_day, is_time

ACH_LENGTH = RuleCode("ACH-LENGTH")
ACH_ORDER = RuleCode("ACH-ORDER")
ACH_CUT_OFF = RuleCode("ACH-CUT-OFF")
ACH_PASSED_OVER = RuleCode("ACH-PASSED-OVER")
ACH_ENTRY_ALONE = RuleCode("ACH-ENTRY-ALONE")

ENTRY, ADDENDA, LAST = "6", "7", "9"
START = ""
FOLLOWS: Mapping[str, str] = {START: "17", "1": "59", "5": "68", "6": "678", "7": "678", "8": "59", "9": "9"}
"""Record type -> the types that may follow it."""
TYPES = frozenset("156789")
FIRST = "1"
ORIGIN, DAY, TIME, MODIFIER = slice(13, 23), slice(23, 29), slice(29, 33), slice(33, 34)
"""Of the file header: who made the file, when (YYMMDD, and HHMM or blank), and which of the day's files it is."""
_MODIFIER = re.compile("[A-Z0-9]")


class AchReader(RecordCutter):
    """The port ``Reader``. Each frame is an addenda record, or a record of no known type for ``decode`` to name."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length
        self._before = START
        self._bare = False
        """The file holds addenda records alone."""
        self._joined: bool | None = None
        """Whether the file has no line ends; None: not known yet."""
        self._passed: Counter[str] = Counter()
        self._alone = 0
        """Entries without an addenda record: money that nobody explains."""

    def _end(self) -> None:
        if not self._bare and self._before not in (START, LAST):
            self._stop(ACH_CUT_OFF, f"the last record is of type {self._before}")
        else:
            self._findings += self._told()

    def _told(self) -> Iterator[Finding]:
        if self._alone:
            yield Finding(ACH_ENTRY_ALONE, Severity.WARNING, note=f"{self._alone} times")
        if self._passed:
            told = ", ".join(f"{count} of type {kind}" for kind, count in sorted(self._passed.items()))
            yield Finding(ACH_PASSED_OVER, Severity.NOTICE, note=told)

    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        """The next record: up to its line end, or 94 bytes in a file without line ends."""
        end = line_end(window[:WINDOW])
        if self._joined is None:
            self._joined = self._seems_joined(window, end, final=final)
        if self._joined is None:
            return None
        if self._joined and not 0 <= end < self._length:
            whole = len(window) >= self._length or final
            return Cut(window[: self._length], min(self._length, len(window))) if whole and window else None
        stretch = window[:end] if end >= 0 else window[:WINDOW]
        if end >= 0 or (final and 0 < len(window) <= WINDOW):
            spare = stretch[self._length :]
            return Cut(stretch if spare.strip(PADDING) else stretch[: self._length], len(stretch))
        if len(window) > WINDOW:
            self._stop(ACH_LENGTH, f"expected {self._length} bytes and a line end")
        return None

    def _seems_joined(self, window: bytes, end: int, *, final: bool) -> bool | None:
        """Whether another record follows the first one at once; None: too few bytes have come to tell."""
        if 0 <= end <= self._length:
            return False
        if len(window) > self._length:
            return chr(window[self._length]) in TYPES
        return False if final else None

    def _take(self, body: bytes, frames: list[Frame]) -> None:
        kind = chr(body[0])
        if kind in TYPES:
            self._follow(kind)
        if self._stopped:
            return
        if kind in TYPES and kind != ADDENDA:
            self._pass_over(kind, body)
            return
        self._framed(body, frames)

    def _follow(self, kind: str) -> None:
        if self._before == START and kind == ADDENDA:
            self._bare = True
        allowed = ADDENDA if self._bare else FOLLOWS[self._before]
        if kind not in allowed:
            behind = f"behind type {self._before}" if self._before else "at the beginning"
            self._stop(ACH_ORDER, f"a record of type {kind} {behind}")
        self._alone += self._before == ENTRY and kind != ADDENDA
        self._before = kind

    def _pass_over(self, kind: str, body: bytes) -> None:
        if len(body) != self._length:
            self._stop(ACH_LENGTH, f"expected {self._length} bytes, found {len(body)}")
        elif kind == FIRST:
            self._heading = Heading(file=_told_by(body.decode("latin-1")))
        self._passed[kind] += 1


def _told_by(header: str) -> dict[str, str]:
    """What the file header says of the file; nothing when its day is none, for only the order of files asks for it. The
    modifier tells the files of one day apart, so it comes with its day."""
    day, time, modifier = header[DAY], header[TIME], header[MODIFIER]
    if not is_short_day(day):
        return {}
    told = {"immediate_origin": header[ORIGIN].strip(" "), "file_creation_date": day}
    if _MODIFIER.fullmatch(modifier):
        told["file_id_modifier"] = f"{day}{modifier}"
    return told | ({"file_creation_time": time} if is_time(time) else {})
