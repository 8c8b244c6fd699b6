"""How the files of one sender follow each other: what a file's own header says of its place among them.

``schemas/successions.toml`` names the header fields of each format; a partner file says what is asked of them. A file
that is out of turn is refused as a whole, like one whose own controls do not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.model import Finding, Follow, FormatName, Partner, PartnerKey, RuleCode, Severity, SubmissionId

FILE_OLDER = RuleCode("FILE-OLDER")
FILE_REPEATED = RuleCode("FILE-REPEATED")
OUT_OF_TURN = frozenset({FILE_OLDER, FILE_REPEATED})
REFUSAL = "The file is out of turn: none of its records is taken."


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A field of a file's header: its name in the layout and its place, 1-based, in bytes."""

    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Succession:
    """The fields of a format's header by which its files follow each other."""

    format: FormatName
    """What the files are counted under; the same for one layout in several encodings."""
    of: tuple[HeaderField, ...]
    """Whose files they are, where one sender writes for several."""
    by: tuple[HeaderField, ...]
    """Day and time that the file was made, the greater unit first."""
    number: HeaderField | None
    """What no second file of theirs may be called."""
    follow: Follow
    """What is asked where a partner file says nothing."""
    source: str
    """Of ``follow`` and of the fields."""
    confidence: str

    @property
    def choices(self) -> tuple[Follow, ...]:
        """What a partner file may ask."""
        possible = (
            (Follow.ANY, True),
            (Follow.ONCE, self.number is not None),
            (Follow.NOT_OLDER, bool(self.by)),
        )
        return tuple(follow for follow, can in possible if can)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a file asks for: to be the next one of its series."""

    sender: PartnerKey
    series: str
    """The format, and whose files they are: ``w4:26``."""
    submission: SubmissionId
    number: str | None
    """Must not have come before; None: nothing is asked of it."""
    place: str | None
    """Digits that rise with day and time, of one length in a series: must not be below those of the last file."""
    older: Finding
    repeated: Finding


@dataclass(frozen=True, slots=True)
class Successions:
    """Those of all formats."""

    tables: Mapping[FormatName, Succession] = field(default_factory=dict)

    def turn(
        self, sender: Partner | None, format_: FormatName, told: Mapping[str, str], submission: SubmissionId
    ) -> Turn | None:
        """The turn of a file whose header says this (name of a field -> value); None when nothing is asked of it.

        ``sender`` None: nobody's file, of which only the format's own rule is asked."""
        table = self.tables.get(format_)
        if table is None:
            return None
        follow = table.follow if sender is None else sender.file_order.get(format_, table.follow)
        if follow is Follow.ANY or not told:
            return None
        number = told.get(table.number.name) if table.number else None
        place = _place(table, told) if follow is Follow.NOT_OLDER else None
        if number is None and place is None:
            return None
        return Turn(
            PartnerKey("") if sender is None else sender.key,
            ":".join([table.format, *(told.get(one.name, "") for one in table.of)]),
            submission,
            number,
            place,
            _finding(FILE_OLDER, table.by[0] if table.by else None),
            _finding(FILE_REPEATED, table.number),
        )


def _place(table: Succession, told: Mapping[str, str]) -> str | None:
    """The digits of day and time; None when the header leaves the day blank. A blank time is the first of the day."""
    if not table.by or not told.get(table.by[0].name):
        return None
    parts = ("".join(filter(str.isdecimal, told.get(one.name, ""))) or "0" * one.length for one in table.by)
    return "".join(parts)


def _finding(rule: RuleCode, place: HeaderField | None) -> Finding:
    if place is None:
        return Finding(rule, Severity.FATAL)
    return Finding(rule, Severity.FATAL, field=place.name, start=place.start, length=place.length, line=1)


@dataclass(slots=True)
class Line:
    """The files of one run, kept in memory: what a store does for a gateway."""

    numbers: set[tuple[PartnerKey, str, str]] = field(default_factory=set)
    last: dict[tuple[PartnerKey, str], str] = field(default_factory=dict)

    def refusal(self, turn: Turn) -> Finding | None:
        """Why the file would be refused; None: it may come next."""
        if turn.number is not None and (turn.sender, turn.series, turn.number) in self.numbers:
            return turn.repeated
        if turn.place is not None and turn.place < self.last.get((turn.sender, turn.series), ""):
            return turn.older
        return None

    def take(self, turn: Turn) -> None:
        """The file is the last one now."""
        if turn.number is not None:
            self.numbers.add((turn.sender, turn.series, turn.number))
        if turn.place is not None:
            self.last[turn.sender, turn.series] = turn.place
