"""What an answer to an interchange has to name: its numbers, groups and sets, and where records stand in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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
    """``records``: number of a record -> number of its first segment in the file. ``tags``: of the segments that were
    asked for, by number."""

    isa: Cut
    groups: tuple[GroupOutline, ...]
    records: Mapping[int, int]
    tags: Mapping[int, str]


def outline(body: bytes, table: TransactionSet, lines: Collection[int] = ()) -> Outline | None:
    """The outline of the first interchange of a file, with the tags of these segments; None when it has no ISA that
    can be read."""
    text = body.decode("latin-1").lstrip(_PADDING)
    if len(text) < ISA_LENGTH or not fits_isa(text[:ISA_LENGTH]) or (marks := delimiters_of(text)).collide():
        return None
    isa = segment(text[: ISA_LENGTH - 1], marks)
    scan = _Scan()
    at, line = ISA_LENGTH, 1
    tags: dict[int, str] = {}
    ends = "" if marks.terminator in "\r\n" else LINE_ENDS.decode()
    while (end := text.find(marks.terminator, at, at + SEGMENT_LIMIT)) >= 0:
        cut = segment(text[at:end].lstrip(ends), marks)
        at, line = end + 1, line + 1
        if line in lines:
            tags[line] = cut.tag
        if cut.tag == "IEA":
            break
        scan.take(cut, line)
    return Outline(isa, tuple(scan.groups), _records(body, table), tags)


@dataclass(slots=True)
class _Scan:
    """Segment by segment through the groups."""

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


def _records(body: bytes, table: TransactionSet) -> dict[int, int]:
    reader = X12Reader(table)
    frames = [*reader.feed(body), *reader.finish()]
    return {frame.ordinal: frame.line for frame in frames if frame.line is not None}
