"""Cuts X12 into records and checks the envelopes around them, sans I/O.

A file is one or more interchanges (ISA to IEA) of groups (GS to GE) of transaction sets (ST to SE). Each frame can be
read by itself: it holds the ISA, the GS, the ST, the segments that the record stands in (the header of its set, the
levels above it) and then its own. ``line`` is the number of the record's first own segment in the file, ISA being 1.

A fault of an envelope is fatal, and the file is refused as a whole: what does not count up may not be whole. What is
out of place ends the reading; numbers and counts that disagree do not, so that all of them are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import FileHeader, Frame, Heading
from gateway.core.x12_set import TransactionSet
from transforms.cutting import FILE_FAULTS, MOST_FINDINGS, Told
from transforms.x12_envelope import ENVELOPE, faults_of
from transforms.x12_levels import Levels
from transforms.x12_numbers import Numbers
from transforms.x12_segments import (
    ISA_LENGTH,
    LINE_ENDS,
    SEGMENT_LIMIT,
    Cut,
    Delimiters,
    Pending,
    delimiters_of,
    fits_isa,
    segment,
)

RECORD_LIMIT = 512 * 1024
"""Bytes of one record with what it stands in."""
AROUND_LIMIT = 16 * 1024
"""Bytes of what records stand in: each of them carries it, so that many small ones must not carry much."""

MOST_INTERCHANGES = 10_000
"""In one file: what each of them says of itself is kept until its end."""

X12_ISA_MISSING = RuleCode("X12-ISA-MISSING")
X12_ISA_LENGTH = RuleCode("X12-ISA-LENGTH")
X12_DELIMITERS = RuleCode("X12-DELIMITERS")
X12_ENVELOPE = RuleCode("X12-ENVELOPE")
X12_RELEASE = RuleCode("X12-RELEASE")
X12_STRUCTURE = RuleCode("X12-STRUCTURE")
X12_CUT = RuleCode("X12-CUT")
X12_SEGMENT_SIZE = RuleCode("X12-SEGMENT-SIZE")
X12_RECORD_SIZE = RuleCode("X12-RECORD-SIZE")
X12_INTERCHANGES = RuleCode("X12-INTERCHANGES")
X12_TRAILER_MISSING = RuleCode("X12-TRAILER-MISSING")
X12_CONTROL_NUMBER = RuleCode("X12-CONTROL-NUMBER")
X12_NUMBER_REPEATED = RuleCode("X12-NUMBER-REPEATED")
X12_COUNT = RuleCode("X12-COUNT")
X12_EMPTY_SET = RuleCode("X12-EMPTY-SET")
X12_TEST = RuleCode("X12-TEST")

MOST_SETS = 999_999
"""In one group: GE01 has six digits."""
TOLD_BY_ISA = (6, 9, 10, 13)
"""Elements that say whose file it is, when it was made and what it is called."""
_PADDING = LINE_ENDS + b" \x1a"
_CONTROL, _COUNT = 2, 1
"""Positions in SE, GE and IEA."""


@dataclass(slots=True)
class _Open:
    """An envelope that is not closed: what its trailer must repeat and count."""

    trailer: str
    control: str
    text: str = field(repr=False)
    """Its opening segment with the terminator."""
    count: int = 0


class X12Reader(Told):
    """The port ``Reader`` over one transaction set."""

    def __init__(self, table: TransactionSet, notices: Sequence[Finding] = (), most: int = MOST_INTERCHANGES) -> None:
        super().__init__(notices)
        self._most = most
        self._table = table
        self._pending = Pending()
        self._marks: Delimiters | None = None
        self._headers: list[FileHeader] = []
        self._open: list[_Open] = []
        """ISA, GS and ST, as far as they are open."""
        self._levels = Levels(table.sections)
        self._numbers = Numbers()
        """Of the sets of the group that is open."""
        self._ordinal = 0
        self._line = 0
        self._began = False
        self._stopped = False

    @property
    def headers(self) -> Sequence[FileHeader]:
        return tuple(self._headers)

    def feed(self, data: bytes) -> list[Frame]:
        if self._stopped:
            return []
        self._pending.add(data)
        return list(self._cut())

    def finish(self) -> list[Frame]:
        frames = [] if self._stopped else list(self._cut())
        if self._stopped:
            return frames
        if self._pending.size:
            begun = self._pending.head(3) == "ISA"
            self._stop(X12_CUT if self._open else X12_ISA_LENGTH if begun else X12_ISA_MISSING)
        elif not self._began:
            self._stop(X12_ISA_MISSING)
        for one in reversed(self._open):
            self._report(X12_TRAILER_MISSING, one.trailer)
        return frames

    # --- segments ----------------------------------------------------------------------------------------------------

    def _cut(self) -> Iterator[Frame]:
        while not self._stopped:
            if self._marks is None:
                if not self._start():
                    return
                continue
            if self._marks.terminator.encode("latin-1") not in (b"\n", b"\r"):
                self._pending.skip(LINE_ENDS)
            elif self._marks.terminator == "\r":
                self._pending.skip(b"\n")
            text = self._pending.until(self._marks.terminator)
            if text is None or len(text) > SEGMENT_LIMIT:
                if text is not None or self._pending.size > SEGMENT_LIMIT:
                    self._stop(X12_SEGMENT_SIZE, note=f"a segment of more than {SEGMENT_LIMIT} bytes")
                return
            self._line += 1
            yield from self._take(segment(text, self._marks), f"{text}{self._marks.terminator}")
            if len(self._findings) > MOST_FINDINGS and not self._stopped:
                self._stop(FILE_FAULTS, note=f"more than {MOST_FINDINGS} findings")

    def _start(self) -> bool:
        """Read an ISA. False: it has not come yet, or the reading has ended."""
        self._pending.skip(_PADDING)
        if self._pending.size and not "ISA".startswith(self._pending.head(3)):
            self._stop(X12_ISA_MISSING)
            return False
        if self._pending.size < ISA_LENGTH:
            return False
        isa = self._pending.head(ISA_LENGTH)
        self._line += 1
        self._began = True
        if not fits_isa(isa):
            self._stop(X12_ISA_LENGTH, "ISA", f"{ISA_LENGTH} bytes with their separators in fixed places")
            return False
        marks = delimiters_of(isa)
        if marks.collide():
            self._stop(X12_DELIMITERS, "ISA")
            return False
        self._pending.use(ISA_LENGTH)
        self._marks = marks
        cut = segment(isa[:-1], marks)
        self._check(cut)
        if cut.get(12) != self._table.interchange:
            self._stop(X12_RELEASE, "ISA12", f"expected {self._table.interchange}")
        if cut.get(15) == "T":
            self._findings.append(Finding(X12_TEST, Severity.NOTICE, field="ISA15", line=self._line))
        self._open = [_Open("IEA", cut.get(13), isa)]
        header = FileHeader({f"ISA{at:02}": cut.get(at) for at in TOLD_BY_ISA}, self._line)
        if len(self._headers) == self._most:
            self._stop(X12_INTERCHANGES, "ISA")
            return False
        self._headers.append(header)
        # What the first one says of the file; the records carry their envelopes themselves.
        self._heading = self._heading or Heading(file=header.told)
        return not self._stopped

    def _take(self, cut: Cut, text: str) -> Iterator[Frame]:
        depth = len(self._open)
        if depth == 3 and cut.tag not in ENVELOPE:  # noqa: PLR2004 - within a set
            yield from self._take_own(cut, text)
        elif depth == 3 and cut.tag == "SE":  # noqa: PLR2004 - as above
            self._open[-1].count += 1
            yield from self._close_set()
            self._close(cut)
        elif cut.tag == self._open[-1].trailer:
            self._close(cut)
        elif (depth, cut.tag) in ((1, "GS"), (2, "ST")):
            self._enter(cut, text)
        elif (depth, cut.tag) == (1, "TA1"):
            self._check(cut)
            yield from self._outside(text)
        else:
            self._misplaced(cut)

    def _take_own(self, cut: Cut, text: str) -> Iterator[Frame]:
        self._open[-1].count += 1
        yield from self._frames(self._levels.take(cut, text, self._line))
        if self._levels.size > RECORD_LIMIT:
            self._stop(X12_RECORD_SIZE, note=f"more than {RECORD_LIMIT} bytes")
        elif self._levels.around > AROUND_LIMIT:
            self._stop(X12_RECORD_SIZE, note=f"more than {AROUND_LIMIT} bytes before the records")

    def _enter(self, cut: Cut, text: str) -> None:
        self._check(cut)
        self._open[-1].count += 1
        if cut.tag == "GS":
            self._open.append(_Open("GE", cut.get(6), text))
            self._numbers = Numbers()
            self._expect("GS01", cut.get(1), self._table.group)
            self._expect("GS08", cut.get(8), self._table.release)
            return
        if self._numbers.repeats(cut.get(2)):
            self._report(X12_NUMBER_REPEATED, "ST02", "a set of the group before it has this number")
        if self._open[-1].count > MOST_SETS:
            self._stop(X12_COUNT, "ST", f"more than {MOST_SETS} sets in a group")
        self._open.append(_Open("SE", cut.get(2), text, 1))
        self._levels.reset()
        self._expect("ST01", cut.get(1), self._table.code)
        if self._table.convention:
            self._expect("ST03", cut.get(3), self._table.convention)

    def _expect(self, name: str, found: str, wanted: str) -> None:
        if found != wanted:
            self._stop(X12_RELEASE, name, f"expected {wanted}")

    def _close_set(self) -> Iterator[Frame]:
        if not self._levels.emitted and not self._levels.holds_record():
            self._findings.append(Finding(X12_EMPTY_SET, Severity.WARNING, field="ST", line=self._line))
        yield from self._frames(self._levels.end())

    def _close(self, cut: Cut) -> None:
        self._check(cut)
        one = self._open.pop()
        if not _same(cut.get(_CONTROL), one.control, numeric=cut.tag != "SE"):
            self._report(X12_CONTROL_NUMBER, f"{cut.tag}02")
        given = cut.get(_COUNT)
        # As texts: a segment has room for more digits than Python makes a number of.
        if not (given.isascii() and given.isdecimal() and (given.lstrip("0") or "0") == str(one.count)):
            self._report(X12_COUNT, f"{cut.tag}01", f"{one.count} counted")
        if not self._open:
            self._marks = None

    def _misplaced(self, cut: Cut) -> None:
        """A header or trailer where another is due means that the one due is missing."""
        if cut.tag in ENVELOPE and cut.tag != "TA1":
            due = [one.trailer for one in reversed(self._open)]
            missing = due[: due.index(cut.tag)] if cut.tag in due else due[:1]
            for trailer in missing:
                self._report(X12_TRAILER_MISSING, trailer)
            self._stopped = True
        if not self._stopped:
            self._stop(X12_STRUCTURE, _shown(cut.tag), "no segment of this kind may stand here")

    # --- frames and findings -----------------------------------------------------------------------------------------

    def _frames(self, records: Iterator[tuple[str, int]]) -> Iterator[Frame]:
        around = "".join(one.text for one in self._open)
        for text, line in records:
            self._ordinal += 1
            yield Frame(self._ordinal, f"{around}{text}".encode("latin-1"), line)

    def _outside(self, text: str) -> Iterator[Frame]:
        if self._table.outside is not None:
            self._ordinal += 1
            yield Frame(self._ordinal, f"{self._open[0].text}{text}".encode("latin-1"), self._line)

    def _check(self, cut: Cut) -> None:
        for name, note in faults_of(cut):
            self._report(X12_ENVELOPE, name, note)

    def _report(self, rule: RuleCode, name: str | None, note: str | None = None) -> None:
        self._findings.append(Finding(rule, Severity.FATAL, field=name, line=max(self._line, 1), note=note))

    def _stop(self, rule: RuleCode, name: str | None = None, note: str | None = None) -> None:
        self._stopped = True
        self._report(rule, name, note)


def _same(first: str, second: str, *, numeric: bool) -> bool:
    """Control numbers of interchanges and groups are numbers, those of sets are texts."""
    return first == second or (numeric and first.lstrip("0") == second.lstrip("0") != "")


def _shown(tag: str) -> str:
    """A tag that nobody knows, fit for a finding."""
    return tag if len(tag) <= 3 and tag.isascii() and tag.isalnum() else "?"  # noqa: PLR2004 - tags are short
