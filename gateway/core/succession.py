"""How the files of one sender follow each other: what a file's own header says of its place among them.

``schemas/successions.toml`` names the header fields of each format; a partner file says what is asked of them. A file
that is out of turn is refused as a whole, like one whose own controls do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.core.model import Finding, Follow, FormatName, Partner, PartnerKey, RuleCode, Severity, SubmissionId
from gateway.core.ports.formats import FileHeader

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
class Claim:
    """A number that must not have come before in its series."""

    series: str
    """The format, and whose files they are: ``w4:26``."""
    number: str
    repeated: Finding
    """What is told when it has come before."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a file asks for: to be the next one of its series."""

    sender: PartnerKey
    series: str
    """That of its first header."""
    submission: SubmissionId
    claims: tuple[Claim, ...]
    """Of each header; none: nothing is asked of numbers."""
    place: str | None
    """Digits that rise with day and time, of one length in a series: must not be below those of the last file. Of a
    file with several headers the first one says when it was made."""
    older: Finding

    def repeated(self, is_used: Callable[[Claim], bool]) -> tuple[Finding, ...]:
        """Each number that was used before, or twice in the file itself."""
        seen: set[tuple[str, str]] = set()
        found = []
        for claim in self.claims:
            if is_used(claim) or (claim.series, claim.number) in seen:
                found.append(claim.repeated)
            seen.add((claim.series, claim.number))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Successions:
    """Those of all formats."""

    tables: Mapping[FormatName, Succession] = field(default_factory=dict)

    def turn(
        self, sender: Partner | None, format_: FormatName, headers: Sequence[FileHeader], submission: SubmissionId
    ) -> Turn | None:
        """The turn of a file with these headers; None when nothing is asked of it.

        ``sender`` None: nobody's file, of which only the format's own rule is asked."""
        table = self.tables.get(format_)
        if table is None:
            return None
        follow = table.follow if sender is None else sender.file_order.get(format_, table.follow)
        if follow is Follow.ANY or not headers:
            return None
        first = headers[0]
        claims = tuple(_claims(table, headers))
        place = _place(table, first.told) if follow is Follow.NOT_OLDER else None
        if not claims and place is None:
            return None
        return Turn(
            PartnerKey("") if sender is None else sender.key,
            _series(table, first.told),
            submission,
            claims,
            place,
            _finding(FILE_OLDER, table.by[0] if table.by else None),
        )


def _series(table: Succession, told: Mapping[str, str]) -> str:
    return ":".join([table.format, *(told.get(one.name, "") for one in table.of)])


def _claims(table: Succession, headers: Sequence[FileHeader]) -> Iterator[Claim]:
    repeated = _finding(FILE_REPEATED, table.number)
    for header in headers:
        if table.number is not None and (number := header.told.get(table.number.name)) is not None:
            yield Claim(_series(table, header.told), number, replace(repeated, line=header.line))


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

    def refusal(self, turn: Turn) -> tuple[Finding, ...]:
        """Why the file would be refused; none: it may come next."""
        if repeated := turn.repeated(lambda claim: (turn.sender, claim.series, claim.number) in self.numbers):
            return repeated
        older = turn.place is not None and turn.place < self.last.get((turn.sender, turn.series), "")
        return (turn.older,) if older else ()

    def take(self, turn: Turn) -> None:
        """The file is the last one now."""
        self.numbers.update((turn.sender, claim.series, claim.number) for claim in turn.claims)
        if turn.place is not None:
            self.last[turn.sender, turn.series] = turn.place
