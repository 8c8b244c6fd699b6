"""Format ``ach-ded``: support payments in the addenda records of a NACHA file (CCD+), read and built.

Of the 94-byte records of such a file only the addenda record 705 has a layout here. On reading, the others give the
file its order and are passed over; on writing, only addenda records are made, for the bank's program to put behind its
entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, Kind, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms import ded
from transforms.ach_reader import ADDENDA, AchReader
from transforms.fixed_width import Leftovers, compiled, document_order, findings_of
from transforms.layout import FIX_REQUIRED, Fault

ACH_DED = FormatName("ach-ded")
PAYMENT = Kind("withholding-payment")
LINE_END = b"\n"
FIX_LENGTH = RuleCode("FIX-LENGTH")
ACH_RECORD_UNKNOWN = RuleCode("ACH-RECORD-UNKNOWN")

SEGMENT = slice(3, 83)
"""Where the DED segment stands in the record."""
_SEQUENCE = "Entry/EntryDetailSequenceNumber"
_TRACE = "Entry/TraceNumber"
_TRACE_END = re.compile(r"[0-9]{8}([0-9]{7})", re.ASCII)


class AchDedFormat:
    """The port ``Format``. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._info = catalog.formats[ACH_DED]
        self._addenda = compiled(catalog, "ach-addenda", document_order(catalog, PAYMENT))
        fields = catalog.layouts["ach-addenda"].fields
        self._sequence = next(field for field in fields if field.path == _SEQUENCE)

    def __reduce__(self) -> tuple[type[AchDedFormat], tuple[Catalog]]:
        return AchDedFormat, (self._catalog,)

    @property
    def name(self) -> FormatName:
        return ACH_DED

    def reader(self) -> Reader:
        return AchReader(self._addenda.length)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; the heading says nothing
        if len(frame.body) != self._addenda.length:
            return _unreadable(frame, FIX_LENGTH, f"expected {self._addenda.length} bytes, found {len(frame.body)}")
        text = frame.body.decode("latin-1")
        if text[:1] != ADDENDA:
            return _unreadable(frame, ACH_RECORD_UNKNOWN, "the record type is none of 1, 5, 6, 7, 8 and 9")
        entry: dict[str, str] = {}
        findings = findings_of(self._addenda.read(text, "", entry, required=True), frame.ordinal)
        segment = text[SEGMENT]
        if not (segment.isascii() and segment.isprintable()):
            return Decoded(None, tuple(findings))
        values, flaws = ded.read(segment)
        findings += [_finding(flaw, frame.ordinal, SEGMENT.start) for flaw in flaws]
        return Decoded(Content(PAYMENT, {**values, **entry}) if values else None, tuple(findings))

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:  # noqa: ARG002 - nothing of the cover is written
        """The addenda records. The sequence number of an entry is its own or the end of its trace number."""
        findings: list[Finding] = []
        leftovers = Leftovers()
        lines = []
        for ordinal, content in enumerate(contents, 1):
            if content.kind != PAYMENT:
                raise Unprocessable(f"{ACH_DED} cannot carry records of kind {content.kind}")
            lines.append(self._line(content, ordinal, findings))
            leftovers.add(content, ded.PATHS | {_SEQUENCE}, ordinal)
        body = b"".join(line.encode("ascii") + LINE_END for line in lines)
        return Encoded(body, self._info.media_type, self._info.extension, (*findings, *leftovers.findings()))

    def _line(self, content: Content, ordinal: int, findings: list[Finding]) -> str:
        segment, flaws = ded.write(content.fields)
        findings += [_finding(flaw, ordinal) for flaw in flaws]
        number = _sequence_number(content.fields)
        faults = [Fault(self._sequence, FIX_REQUIRED, _SEQUENCE)] if number is None else []
        text, _ = self._addenda.write({_SEQUENCE: number} if number else {}, "", faults)
        findings += findings_of(faults, ordinal)
        return f"{text[: SEGMENT.start]}{segment.ljust(SEGMENT.stop - SEGMENT.start)}{text[SEGMENT.stop :]}"


def _sequence_number(fields: Mapping[str, str]) -> str | None:
    if number := fields.get(_SEQUENCE):
        return number
    found = _TRACE_END.fullmatch(fields.get(_TRACE, ""))
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
