"""Format ``ach-ded``: support payments in the DED segments of a NACHA file, read (CCD+ and CTX) and written (CCD+).

Six kinds of records of 94 bytes, each a layout; ``transforms/ach_reader.py`` compares what they say of each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms import ach_records as ach
from transforms import ded
from transforms.ach_reader import ACH_AMOUNT, ADDENDA, TEXT, AchReader
from transforms.ach_records import AchRecords
from transforms.ach_writing import FileWriting, says_all
from transforms.fixed_width import Leftovers, findings_of
from transforms.layout import FIX_CHARACTER, FIX_REQUIRED, Fault

LINE_END = b"\n"
FIX_LENGTH = RuleCode("FIX-LENGTH")
FILE_NOT_KEPT = RuleCode("FILE-NOT-KEPT")
ACH_RECORD_UNKNOWN = RuleCode("ACH-RECORD-UNKNOWN")
ACH_ROUTING = RuleCode("ACH-ROUTING")
ACH_BARE = RuleCode("ACH-BARE")

_TRACE_END = re.compile(r"[0-9]{8}([0-9]{7})", re.ASCII)


class AchDedFormat:
    """The port ``Format``. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._info = catalog.formats[ach.ACH_DED]
        fields = catalog.layouts[ach.ADDENDA].fields
        self._sequence = next(field for field in fields if field.path == ach.SEQUENCE)

    @cached_property
    def _records(self) -> AchRecords:
        """Made when first needed, like the records of other files."""
        return AchRecords(self._catalog)

    def __reduce__(self) -> tuple[type[AchDedFormat], tuple[Catalog]]:
        return AchDedFormat, (self._catalog,)

    @property
    def name(self) -> FormatName:
        return ach.ACH_DED

    def reader(self) -> Reader:
        return AchReader(self._records)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:
        """A payment says what file, batch and entry say, too; of addenda records alone nothing more is known."""
        text, entry, batch = _parted(frame.body.decode("latin-1"))
        around, findings = self._around(entry, batch, frame.ordinal)
        if around.get(ach.CLASS_CODE) == ach.CTX:
            if not _is_plain(text):
                return _unreadable(frame, FIX_CHARACTER, "in the segment")
            values, flaws = ded.read(text, long_dates=True)
            findings += [_finding(flaw, frame.ordinal, 0) for flaw in flaws]
            return self._decoded({**values, **heading.fields, **around}, findings, paid=bool(values))
        if len(text) != ach.LENGTH:
            return _unreadable(frame, FIX_LENGTH, f"expected {ach.LENGTH} bytes, found {len(text)}")
        if text[:1] != ADDENDA:
            return _unreadable(frame, ACH_RECORD_UNKNOWN, "the record type is none of 1, 5, 6, 7, 8 and 9")
        addenda, faults = self._records.read(ach.ADDENDA, text)
        findings += findings_of(faults, frame.ordinal)
        segment = text[TEXT]
        if not _is_plain(segment):
            return Decoded(None, tuple(findings))
        values, flaws = ded.read(segment)
        findings += [_finding(flaw, frame.ordinal, TEXT.start) for flaw in flaws]
        fields = {**values, **heading.fields, **around, **addenda}
        if values.get(ach.PAID, "") != fields.get(ach.AMOUNT, values.get(ach.PAID, "")):
            findings.append(Finding(ACH_AMOUNT, Severity.WARNING, frame.ordinal, path=ach.PAID))
        return self._decoded(fields, findings, paid=bool(values))

    def _decoded(self, fields: Mapping[str, str], findings: Sequence[Finding], *, paid: bool) -> Decoded:
        content = Content(ach.PAYMENT, self._records.sorted(fields)) if paid else None
        return Decoded(content, tuple(findings))

    def _around(self, entry: str, batch: str, ordinal: int) -> tuple[dict[str, str], list[Finding]]:
        """What batch header and entry say. The reader has named their faults already: they refuse the file."""
        if not entry:
            return {}, []
        values: dict[str, str] = {}
        told = self._records[ach.BATCH_HEADER].read(batch, values)
        ctx = values.get(ach.CLASS_CODE) == ach.CTX
        self._records[ach.CTX_ENTRY if ctx else ach.ENTRY].read(entry, values)
        lost = [fault for fault in told if fault.field.name == ach.FREE_TEXT]
        findings = [replace(one, rule=FILE_NOT_KEPT, severity=Severity.NOTICE) for one in findings_of(lost, ordinal)]
        if (routing := values.get(ach.RECEIVER)) and not ach.has_check_digit(routing):
            findings.append(Finding(ACH_ROUTING, Severity.WARNING, ordinal, path=ach.RECEIVER))
        return values, findings

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        """A whole file where every payment says what banks need, else the addenda records alone, with a notice."""
        if odd := next((content.kind for content in contents if content.kind != ach.PAYMENT), None):
            raise Unprocessable(f"{ach.ACH_DED} cannot carry records of kind {odd}")
        findings: list[Finding] = []
        alone = sum(not says_all(self._records, content) for content in contents)
        if contents and not alone:
            carried = ded.PATHS | {ach.SEQUENCE}
            writing = FileWriting(self._records, cover, partial(self._addenda, findings=findings), carried)
            lines = writing.lines(contents)
            findings += [*writing.findings, *writing.leftovers.findings()]
        else:
            lines, left = self._bare(contents, findings)
            note = f"{alone} of {len(contents)} payments"
            findings += [*([Finding(ACH_BARE, Severity.NOTICE, note=note)] if alone else []), *left.findings()]
        body = b"".join(line.encode("ascii") + LINE_END for line in lines)
        return Encoded(body, self._info.media_type, self._info.extension, tuple(findings))

    def _bare(self, contents: Sequence[Content], findings: list[Finding]) -> tuple[list[str], Leftovers]:
        """The addenda records. The sequence number of an entry is its own or the end of its trace number."""
        lines, leftovers = [], Leftovers()
        for ordinal, content in enumerate(contents, 1):
            lines.append(self._addenda(content, ordinal, _sequence_number(content.fields), findings))
            leftovers.add(content, ded.PATHS | {ach.SEQUENCE}, ordinal)
        return lines, leftovers

    def _addenda(self, content: Content, ordinal: int, number: str | None, findings: list[Finding]) -> str:
        segment, flaws = ded.write(content.fields)
        findings += [_finding(flaw, ordinal) for flaw in flaws]
        faults = [Fault(self._sequence, FIX_REQUIRED, ach.SEQUENCE)] if number is None else []
        text = self._records[ach.ADDENDA].write({ach.SEQUENCE: number} if number else {}, faults)
        findings += findings_of(faults, ordinal)
        return f"{text[: TEXT.start]}{segment.ljust(TEXT.stop - TEXT.start)}{text[TEXT.stop :]}"


def _parted(body: str) -> tuple[str, str, str]:
    """The payment, and the entry and batch header that the reader put behind it."""
    text, entry, batch = body[: -2 * ach.LENGTH], body[-2 * ach.LENGTH : -ach.LENGTH], body[-ach.LENGTH :]
    return (text, entry, batch) if text and entry[:1] == "6" and batch[:1] == "5" else (body, "", "")


def _is_plain(segment: str) -> bool:
    return segment.isascii() and segment.isprintable()


def _sequence_number(fields: Mapping[str, str]) -> str | None:
    if number := fields.get(ach.SEQUENCE):
        return number
    found = _TRACE_END.fullmatch(fields.get(ach.TRACE, ""))
    return found[1] if found else None


def _finding(flaw: ded.Flaw, ordinal: int, offset: int | None = None) -> Finding:
    """``offset`` None: nothing was read, so there is no place."""
    return Finding(
        rule=flaw.rule,
        severity=flaw.severity,
        record=ordinal,
        field=flaw.element,
        path=flaw.path,
        start=None if offset is None else offset + flaw.start,
        length=None if offset is None else flaw.length,
        note=flaw.note,
    )


def _unreadable(frame: Frame, rule: RuleCode, note: str) -> Decoded:
    return Decoded(None, (Finding(rule, Severity.ERROR, frame.ordinal, line=frame.line, note=note),))
