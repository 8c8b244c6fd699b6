"""Fixed-width files as tables describe them (``schemas/files``): header, groups, details, trailer with controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.file_order import RecordRole
from gateway.core.model import Content, Finding, FormatName, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, FormatState, Frame, Heading, Reader
from transforms.controls import Tally, filled
from transforms.encodings import ENCODINGS
from transforms.files_reader import FileReader
from transforms.files_records import OWN, Record, Records
from transforms.fixed_width import Leftovers, findings_of
from transforms.layout import Fault

FIX_LENGTH = RuleCode("FIX-LENGTH")
FILE_DRAFT = RuleCode("FILE-DRAFT")
FILE_GROUP_CONFLICT = RuleCode("FILE-GROUP-CONFLICT")
FILE_GROUP_MISSING = RuleCode("FILE-GROUP-MISSING")
FILE_HEADER_CONFLICT = RuleCode("FILE-HEADER-CONFLICT")
FILE_NOT_KEPT = RuleCode("FILE-NOT-KEPT")
FILE_RECORD_UNKNOWN = RuleCode("FILE-RECORD-UNKNOWN")


class FixedFile:
    """The port ``Format`` over one table. Pickles as its catalog and name."""

    def __init__(self, catalog: Catalog, name: FormatName) -> None:
        self._catalog = catalog
        self._name = name
        self._info = catalog.formats[name]
        self._order = catalog.files[name]
        self._encoding = ENCODINGS[self._order.encoding]
        draft = Finding(FILE_DRAFT, Severity.NOTICE, note=self._info.confidence)
        self._notices = (draft,) if self._info.state is FormatState.DRAFT else ()

    @cached_property
    def _records(self) -> Records:
        """Made when first needed: most processes use few of the formats. ``paths`` checks all of them at the start."""
        return Records(self._catalog, self._order)

    @classmethod
    def named(cls, name: str) -> Callable[[Catalog], FixedFile]:
        """The constructor of one format, for the table of formats."""
        return lambda catalog: cls(catalog, FormatName(name))

    def __reduce__(self) -> tuple[type[FixedFile], tuple[Catalog, FormatName]]:
        return FixedFile, (self._catalog, self._name)

    @property
    def name(self) -> FormatName:
        return self._name

    def reader(self) -> Reader:
        return FileReader(self._records, self._encoding, self._notices)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:
        """The content carries what header and group record say too, unless the detail says it itself. A detail that
        says something else than its group does is at fault."""
        body, group = self._parted(frame.body.decode("latin-1"))
        record = self._records.recognise(body)
        if record is None or record.role is not RecordRole.DETAIL:
            return _unreadable(frame, FILE_RECORD_UNKNOWN, "no layout has the marks of this record")
        if len(body) != record.length and not (self._order.open_end and len(body) > record.length):
            return _unreadable(frame, FIX_LENGTH, f"expected {record.length} bytes, found {len(body)}")
        own: dict[str, str] = {}
        findings = findings_of(record.read(body[: record.length], own), frame.ordinal)
        grouped: dict[str, str] = {}
        if self._records.group is not None and not group:
            findings.append(Finding(FILE_GROUP_MISSING, Severity.ERROR, frame.ordinal, line=frame.line))
        elif self._records.group is not None:
            self._records.group.read(group, grouped)
            findings += self._conflicts(grouped, {**heading.fields, **own}, frame)
        findings += _not_kept(record, body, frame.ordinal)
        fields = {**self._order.given, **heading.fields, **grouped, **own}
        return Decoded(Content(self._order.kind, self._sorted(fields)), tuple(findings))

    def _conflicts(self, grouped: Mapping[str, str], said: Mapping[str, str], frame: Frame) -> Iterator[Finding]:
        """Where header or detail say otherwise than the group record between them; the place is that in the detail."""
        for path in sorted(grouped.keys() & said.keys()):
            if grouped[path] != said[path] and not path.startswith(OWN):
                place = self._catalog.position(self._name, Content(self._order.kind, {**grouped, **said}), path)
                yield Finding(
                    FILE_GROUP_CONFLICT,
                    Severity.ERROR,
                    frame.ordinal,
                    field=place.field if place else None,
                    path=path,
                    start=place.start if place else None,
                    length=place.length if place else None,
                    line=frame.line,
                )

    def _parted(self, body: str) -> tuple[str, str]:
        """The detail, and the group record that the reader put before it."""
        group = self._records.group
        if group is not None and len(body) > group.length and group.fits(body):
            return body[group.length :], body[: group.length]
        return body, ""

    def _sorted(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What a record says, in document order, without what is of the file."""
        ranks = self._records.ranks
        return {path: fields[path] for path in sorted(fields.keys() & ranks.keys(), key=ranks.__getitem__)}

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        if not self._info.writes:
            raise Unprocessable(f"format {self._name} is read only")
        if odd := next((content.kind for content in contents if content.kind != self._order.kind), None):
            raise Unprocessable(f"{self._name} cannot carry records of kind {odd}")
        writing = _Writing(self._records, cover)
        lines = writing.file(contents)
        end = self._order.line_end
        body = "".join(f"{line}{end}" for line in lines).encode(self._records.charset)
        findings = (*self._notices, *writing.findings, *writing.leftovers.findings())
        return Encoded(self._encoding.write(body), self._info.media_type, self._info.extension, findings)


def _unreadable(frame: Frame, rule: RuleCode, note: str) -> Decoded:
    return Decoded(None, (Finding(rule, Severity.ERROR, frame.ordinal, line=frame.line, note=note),))


def _not_kept(record: Record, body: str, ordinal: int) -> list[Finding]:
    """One notice for all filled fields of a record that the kind has no place for; it stands at the first of them."""
    unkept = record.unkept(body)
    if not unkept:
        return []
    first, note = unkept[0], f"{len(unkept)} such fields are filled"
    return [
        Finding(
            FILE_NOT_KEPT,
            Severity.NOTICE,
            ordinal,
            field=first.name,
            start=first.start,
            length=first.length,
            note=note,
        )
    ]


@dataclass(slots=True)
class _Writing:
    """One file on its way from contents to lines."""

    records: Records
    cover: Cover
    tally: Tally = field(default_factory=Tally)
    findings: list[Finding] = field(default_factory=list)
    leftovers: Leftovers = field(default_factory=Leftovers)

    def file(self, contents: Sequence[Content]) -> list[str]:
        header, trailer = self.records.header, self.records.written_trailer
        first = contents[0].fields if contents else {}
        self.tally.all = sum(one is not None for one in (header, trailer))
        if header is not None:
            self._compare_headers(header, contents)
        lines = self._body(contents)
        self.tally.details = len(contents)
        self.tally.all += len(lines)
        if header is not None:
            lines.insert(0, self._around(header, first))
        if trailer is not None:
            lines.append(self._around(trailer, first))
        return lines

    def _body(self, contents: Sequence[Content]) -> list[str]:
        lines: list[str] = []
        group: list[str] = []
        opener: Mapping[str, str] = {}
        for ordinal, content in enumerate(contents, 1):
            own = self._of_group(content)
            if self.records.group is not None and (own != opener or not group):
                lines += self._grouped(opener, group)
                group, opener = [], own
            group.append(self._detail(content, ordinal))
        return lines + self._grouped(opener, group)

    def _of_group(self, content: Content) -> Mapping[str, str]:
        paths = self.records.group.paths if self.records.group else frozenset[str]()
        return {path: value for path, value in content.fields.items() if path in paths}

    def _grouped(self, opener: Mapping[str, str], details: list[str]) -> list[str]:
        if self.records.group is None or not details:
            return details
        self.tally.group = len(details)
        self.tally.groups += 1
        end = self.records.group_end
        closing = [self._around(end, opener)] if end is not None else []
        return [self._around(self.records.group, opener), *details, *closing]

    def _detail(self, content: Content, ordinal: int) -> str:
        record = self.records.writable(content)
        if record is None:
            self.findings.append(Finding(FILE_RECORD_UNKNOWN, Severity.ERROR, record=ordinal))
            return " " * self.records.order.length
        self.tally.layouts[record.name] += 1
        faults: list[Fault] = []
        text = record.write({**content.fields, **self._own(record)}, faults)
        self.findings += findings_of(faults, ordinal)
        self._add_amounts(record, content)
        carried = record.paths | self.records.around
        if content.fields.keys() - carried:
            self.leftovers.add(content, carried, ordinal)
        return text

    def _add_amounts(self, record: Record, content: Content) -> None:
        for row in record.compiled.layout.fields:
            if row.name in self.records.amounts and (value := content.get(row.path or "")):
                self.tally.sums[row.name] = self.tally.sums.get(row.name, Decimal()) + Decimal(value)

    def _around(self, record: Record, values: Mapping[str, str]) -> str:
        faults: list[Fault] = []
        text = record.write({**values, **self._own(record)}, faults)
        self.findings += [replace(finding, path=None) for finding in findings_of(faults, None)]
        return text

    def _own(self, record: Record) -> dict[str, str]:
        """What a record says of the file."""
        made = {key: filled(source, row, self.cover, self.tally) for key, (row, source) in record.fill.items()}
        return {key: value for key, value in made.items() if value is not None}

    def _compare_headers(self, header: Record, contents: Sequence[Content]) -> None:
        """A header can speak for one sender only."""
        for path in sorted(header.paths - header.fill.keys()):
            if len({content.get(path) for content in contents}) > 1:
                self.findings.append(Finding(FILE_HEADER_CONFLICT, Severity.ERROR, path=path))
