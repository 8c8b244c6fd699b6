"""What an answer to an interchange has to name: its numbers, groups and sets, and where records stand in them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.core.x12_set import TransactionSet
from transforms.x12_reader import X12Reader
from transforms.x12_segments import ISA_LENGTH, LINE_ENDS, SEGMENT_LIMIT, Cut, delimiters_of, fits_isa, segment

_PADDING = "\r\n \x1a"


@dataclass(slots=True)
class SetOutline:
    """``first`` and ``last``: numbers of its ST and its last segment in the file; ``tags``: tag -> the first of it."""

    opening: Cut
    first: int
    last: int
    tags: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class GroupOutline:
    opening: Cut
    first: int
    last: int = 0
    claimed: str = ""
    """How many sets its trailer says that it holds; empty when it does not say."""
    sets: list[SetOutline] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """One interchange. ``first`` and ``last``: numbers of its ISA and its last segment in the file. ``records``: number
    of a record -> number of its first segment. ``tags``: of the segments that were asked for, by number."""

    isa: Cut
    first: int
    last: int
    groups: tuple[GroupOutline, ...]
    records: Mapping[int, int]
    tags: Mapping[int, str]


def outlines(body: bytes, table: TransactionSet, lines: Collection[int] = ()) -> Iterator[Outline]:
    """The outlines of the interchanges of a file, with the tags of these segments, up to the first that has no ISA that
    can be read. One whose end is missing ends where the next begins."""
    text = body.decode("latin-1")
    records = _records(body, table)
    starts = [line for _, line in records]
    at, line = 0, 0
    while (scan := _scanned(text, at, line + 1, lines)) is not None:
        own = dict(records[bisect_right(starts, line) : bisect_right(starts, scan.line)])
        yield Outline(scan.isa, line + 1, scan.line, tuple(scan.groups), own, scan.tags)
        at, line = scan.at, scan.line


def _scanned(text: str, at: int, line: int, lines: Collection[int]) -> _Scan | None:
    """The interchange that begins at this place, after padding; None where there is none that can be read."""
    while at < len(text) and text[at] in _PADDING:
        at += 1
    isa = text[at : at + ISA_LENGTH]
    if len(isa) < ISA_LENGTH or not fits_isa(isa) or (marks := delimiters_of(isa)).collide():
        return None
    scan = _Scan(segment(isa[:-1], marks), at + ISA_LENGTH, line)
    ends = "" if marks.terminator in "\r\n" else LINE_ENDS.decode()
    while (end := text.find(marks.terminator, scan.at, scan.at + SEGMENT_LIMIT)) >= 0:
        cut = segment(text[scan.at : end].lstrip(ends), marks)
        if cut.tag == "ISA":
            break
        scan.at, scan.line = end + 1, scan.line + 1
        if scan.line in lines:
            scan.tags[scan.line] = cut.tag
        if cut.tag == "IEA":
            break
        scan.take(cut, scan.line)
    return scan


@dataclass(slots=True)
class _Scan:
    """Segment by segment through the groups."""

    isa: Cut
    at: int
    """Where the next segment begins."""
    line: int
    """Number of the last segment that was read."""
    tags: dict[int, str] = field(default_factory=dict)
    groups: list[GroupOutline] = field(default_factory=list)
    _set: SetOutline | None = None

    def take(self, cut: Cut, line: int) -> None:
        if cut.tag == "GS":
            self.groups.append(GroupOutline(cut, line))
            self._set = None
        if not self.groups:
            return
        group = self.groups[-1]
        group.last = line
        if cut.tag == "ST":
            self._set = SetOutline(cut, line, line)
            group.sets.append(self._set)
        elif cut.tag == "GE":
            self._set = None
            group.claimed = cut.get(1) if re.fullmatch("[0-9]{1,6}", cut.get(1), re.ASCII) else ""
        if self._set is not None:
            self._set.last = line
            self._set.tags.setdefault(cut.tag, line)
        if cut.tag == "SE":
            self._set = None


def _records(body: bytes, table: TransactionSet) -> list[tuple[int, int]]:
    """Numbers of the records with those of their first segments, in the order of the file."""
    reader = X12Reader(table)
    frames = [*reader.feed(body), *reader.finish()]
    return [(frame.ordinal, frame.line) for frame in frames if frame.line is not None]
