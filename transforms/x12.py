"""Formats ``x12-*``: transaction sets of X12 as tables describe them (``schemas/x12``).

A record is read from a frame that holds what it stands in (:mod:`transforms.x12_reader`). What the table does not know
is read over and named. One interchange with one group is written, with as many sets as the headers of the records ask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, FormatState, Frame, Heading, Reader
from transforms.fixed_width import document_order
from transforms.x12_addressing import Addressing
from transforms.x12_levels import opened
from transforms.x12_reader import X12Reader
from transforms.x12_segments import ISA_LENGTH, Cut, Delimiters, delimiters_of, fits_isa, segments
from transforms.x12_table import Table
from transforms.x12_walk import Walk
from transforms.x12_writing import SetWriter

X12_UNREADABLE = RuleCode("X12-UNREADABLE")
X12_SENDER_CONFLICT = RuleCode("X12-SENDER-CONFLICT")
X12_ENVELOPE = RuleCode("X12-ENVELOPE")
FILE_DRAFT = RuleCode("FILE-DRAFT")
REMEMBERED = 10_000
"""Paths whose place is kept ready."""


class X12Format:
    """The port ``Format`` over one transaction set. Pickles as its catalog and name."""

    def __init__(self, catalog: Catalog, name: FormatName) -> None:
        self._catalog = catalog
        self._name = name
        self._info = catalog.formats[name]
        self._set = catalog.x12[name]
        draft = Finding(FILE_DRAFT, Severity.NOTICE, note=self._info.confidence)
        self._notices = (draft,) if self._info.state is FormatState.DRAFT else ()

    @classmethod
    def named(cls, name: str) -> Callable[[Catalog], X12Format]:
        """The constructor of one format, for the table of formats."""
        return lambda catalog: cls(catalog, FormatName(name))

    def __reduce__(self) -> tuple[type[X12Format], tuple[Catalog, FormatName]]:
        return X12Format, (self._catalog, self._name)

    @property
    def name(self) -> FormatName:
        return self._name

    @cached_property
    def _table(self) -> Table:
        return Table(self._set)

    @cached_property
    def _order(self) -> Callable[[str], bytes]:
        """Where a path stands in the document; the paths met are kept ready, forgotten all at once when too many."""
        order = document_order(self._catalog, self._set.kind)
        known: dict[str, bytes] = {}

        def placed(path: str) -> bytes:
            found = known.get(path)
            if found is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                found = known[path] = order(path)
            return found

        return placed

    def reader(self) -> Reader:
        return X12Reader(self._set, self._notices)

    # --- read --------------------------------------------------------------------------------------------------------

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; every frame says all
        text = frame.body.decode("latin-1")
        if len(text) <= ISA_LENGTH or not fits_isa(text) or delimiters_of(text).collide():
            return self._unreadable(frame, "a record begins with the ISA of its interchange")
        _, (isa, *rest) = segments(text)
        if not any(cut.tag == "ST" for cut in rest):
            return self._decode_outside(frame, isa, rest)
        if [cut.tag for cut in rest[:2]] != ["GS", "ST"]:
            return self._unreadable(frame, "GS and ST stand before the segments of a set")
        cuts = rest[2:]
        sections = self._set.sections
        opening = [n for n, cut in enumerate(cuts) if opened(sections, cut) is not None]
        walk = Walk(self._table, frame.ordinal, opening[-1] if opening else 0, frame.line)
        walk.take_all(cuts)
        return self._decoded(walk, isa, rest[0])

    def _decode_outside(self, frame: Frame, isa: Cut, rest: Sequence[Cut]) -> Decoded:
        row = self._table.outside
        if row is None or [cut.tag for cut in rest] != [row.tag]:
            return self._unreadable(frame, "the record holds no transaction set")
        walk = Walk(self._table, frame.ordinal, 0, frame.line)
        walk.take_outside(row, rest[0])
        return self._decoded(walk, isa, Cut(("GS",)))

    def _decoded(self, walk: Walk, isa: Cut, gs: Cut) -> Decoded:
        around = {"ISA": isa, "GS": gs}
        fields = dict(self._set.says)
        for name, path in self._set.envelope.items():
            value = around[name[:-2]].get(int(name[-2:])).rstrip(" ")
            if value and value.isascii() and value.isprintable():
                fields[path] = value
        fields |= walk.fields
        ordered = {path: fields[path] for path in sorted(fields, key=self._order)}
        return Decoded(Content(self._set.kind, ordered), tuple(walk.findings))

    def _unreadable(self, frame: Frame, note: str) -> Decoded:
        return Decoded(None, (Finding(X12_UNREADABLE, Severity.ERROR, frame.ordinal, line=frame.line, note=note),))

    # --- write -------------------------------------------------------------------------------------------------------

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        if not self._info.writes:
            raise Unprocessable(f"format {self._name} is read only")
        if odd := next((content.kind for content in contents if content.kind != self._set.kind), None):
            raise Unprocessable(f"{self._name} cannot carry records of kind {odd}")
        marks = Delimiters() if self._set.convention else Delimiters(repetition="")
        writing = SetWriter(self._table, cover, marks)
        outside, grouped = [], []
        for ordinal, content in enumerate(contents, 1):
            told = writing.write_outside(ordinal, content)
            if told:
                outside.append(told)
            else:
                writing.write(ordinal, content)
                grouped.append(content)
        findings = [*self._notices, *writing.findings, *self._conflicts(contents, grouped)]
        first = next(iter((*grouped, *contents)), Content(self._set.kind, {}))
        around = Addressing(self._set.envelope, first.fields, cover)
        findings += [
            Finding(X12_ENVELOPE, Severity.ERROR, field=name)
            for name in around.faults(marks, grouped=bool(writing.sets))
        ]
        text = self._interchange(around, marks, outside, writing.sets)
        findings += writing.leftovers.findings()
        body = text.encode("ascii", "replace")
        return Encoded(body, self._info.media_type, self._info.extension, tuple(findings))

    def _conflicts(self, contents: Sequence[Content], grouped: Sequence[Content]) -> list[Finding]:
        """An interchange, and its one group, speaks for one sender to one recipient."""
        return [
            Finding(X12_SENDER_CONFLICT, Severity.ERROR, path=path)
            for name, path in self._set.envelope.items()
            if len({content.get(path) for content in (grouped if name.startswith("GS") else contents)}) > 1
        ]

    def _interchange(
        self, around: Addressing, marks: Delimiters, outside: Sequence[str], sets: Sequence[Sequence[str]]
    ) -> str:
        number, sep = around.cover.number, marks.element
        control = f"{number % 10**9:09d}"
        day, time = around.cover.created_at.strftime("%Y%m%d"), around.cover.created_at.strftime("%H%M")
        repetition = marks.repetition or "U"
        isa = sep.join(
            ("ISA", "00", " " * 10, "00", " " * 10, *around.ids(), day[2:], time, repetition, self._set.interchange,
             control, "0", around.get("ISA15"), marks.component)
        )  # fmt: skip
        lines = [isa, *outside]
        group = str(number % 10**9)
        if sets:
            gs = (
                "GS",
                self._set.group,
                around.get("GS02"),
                around.get("GS03"),
                day,
                time,
                group,
                "X",
                self._set.release,
            )
            lines.append(sep.join(gs))
            for place, one in enumerate(sets, 1):
                lines += self._framed(one, f"{place:04d}", sep)
            lines.append(sep.join(("GE", str(len(sets)), group)))
        lines.append(sep.join(("IEA", "1" if sets else "0", control)))
        return "".join(f"{line}{marks.terminator}" for line in lines)

    def _framed(self, segments_: Sequence[str], control: str, sep: str) -> list[str]:
        convention = (self._set.convention,) if self._set.convention else ()
        head = sep.join(("ST", self._set.code, control, *convention))
        return [head, *segments_, sep.join(("SE", str(len(segments_) + 2), control))]
