"""Formats ``csenet`` and ``csenet-out``: case transactions and locates of CSENet 2000 (IGD v8.0, Appendix C).

Both read the 127-byte header form that a state sends to the hub. ``csenet`` writes the 121-byte form that the hub
hands over: its layout names the other side's values as Local, and the day and time of the delivery are stamped in.
``csenet-out`` writes the 127-byte form again, unswapped, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.core.catalog import Catalog, Layout, count_blocks
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, Kind, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.csenet_reader import CsenetReader
from transforms.csenet_shape import COUNTS_END, Shape
from transforms.cutting import PADDING
from transforms.fixed_width import Leftovers, compiled, document_order, findings_of
from transforms.layout import CompiledLayout, Fault, count_key

CSENET = FormatName("csenet")
CSENET_OUT = FormatName("csenet-out")
LOCATE = Kind("locate")
CASE_TRANSFER = Kind("case-transfer")
TO_SERVER = "csenet-header-to-server"
FROM_SERVER = "csenet-header-from-server"
LOCATE_FUNCTION = "LO1"
LINE_END = b"\r"
"""One CR after the last block (IGD v8.0)."""

CSE_LENGTH = RuleCode("CSE-LENGTH")
CSE_COUNT = RuleCode("CSE-COUNT")
_HEADER = "Header/"


class CsenetFormat:
    """The port ``Format``. ``writes`` names the header layout that is written. Pickles as its catalog."""

    def __init__(self, catalog: Catalog, name: FormatName = CSENET, writes: str = FROM_SERVER) -> None:
        self._catalog = catalog
        self._name = name
        self._writes = writes
        self._info = catalog.formats[name]
        reads, *blocks = (catalog.layouts[layout] for layout in catalog.sequences[name])
        order = document_order(catalog, CASE_TRANSFER)
        self._shape = Shape(reads, blocks)
        self._blocks = {layout.block: CompiledLayout(layout, order) for layout in blocks}
        self._reads = CompiledLayout(reads, order)
        self._header = compiled(catalog, writes, order)
        self._stamps = writes == FROM_SERVER

    @classmethod
    def outgoing(cls, catalog: Catalog) -> CsenetFormat:
        """``csenet-out``: the form that a state sends to the hub."""
        return cls(catalog, CSENET_OUT, TO_SERVER)

    def __reduce__(self) -> tuple[type[CsenetFormat], tuple[Catalog, FormatName, str]]:
        return CsenetFormat, (self._catalog, self._name, self._writes)

    @property
    def name(self) -> FormatName:
        return self._name

    def reader(self) -> Reader:
        return CsenetReader(self._shape)

    # --- reading ---------------------------------------------------------------------------------------------------

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - the format has no file header
        """A transaction whose header is at fault is not read further, as the hub's own edits do (csenet.md, 10)."""
        faulty = self._frame_findings(frame)
        if faulty:
            return Decoded(None, faulty)
        text = frame.body.decode("latin-1")
        fields: dict[str, str] = {}
        faults = self._reads.read(text[: self._reads.length], _HEADER, fields, required=True)
        findings = findings_of(faults, frame.ordinal)
        if findings and any(finding.severity.blocks for finding in findings):
            return Decoded(None, tuple(findings))
        offset = self._reads.length
        for layout, prefix in self._sequence(frame.body):
            end = offset + layout.length
            if found := layout.read(text[offset:end], prefix, fields):
                findings += findings_of(found, frame.ordinal, offset)
            offset = end
        kind = LOCATE if fields["Header/Function"] == LOCATE_FUNCTION else CASE_TRANSFER
        return Decoded(Content(kind, fields), tuple(findings))

    def _sequence(self, body: bytes) -> Iterator[tuple[CompiledLayout, str]]:
        """The blocks of a transaction in order, with the canonical prefix of each."""
        return ((self._blocks[one.block], _prefix(one, n)) for one, n in self._shape.blocks(body).sequence)

    def _frame_findings(self, frame: Frame) -> tuple[Finding, ...]:
        """What makes a transaction unreadable: counts that are none, or a length that they do not ask for."""
        found = len(frame.body.rstrip(PADDING))
        if len(frame.body) < COUNTS_END:
            return (_length(frame, self._reads.length, found, "at least "),)
        blocks = self._shape.blocks(frame.body)
        counts = tuple(
            Finding(CSE_COUNT, Severity.ERROR, frame.ordinal, c.field.name, None, c.field.start, c.field.length)
            for c in blocks.bad
        )
        expected = blocks.length
        if counts or (len(frame.body) >= expected >= found):
            return counts
        return (_length(frame, expected, max(found, min(len(frame.body), expected)), ""),)

    # --- writing ---------------------------------------------------------------------------------------------------

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        leftovers = Leftovers()
        findings: list[Finding] = []
        parts: list[bytes] = []
        for ordinal, content in enumerate(contents, 1):
            if content.kind not in self._info.kinds:
                raise Unprocessable(f"{self._name} cannot carry records of kind {content.kind}")
            parts += (self._write(content, cover.created_at, ordinal, findings, leftovers), LINE_END)
        return Encoded(
            b"".join(parts),
            self._info.media_type,
            self._info.extension,
            (*findings, *leftovers.findings()),
        )

    def _write(
        self, content: Content, at: datetime, ordinal: int, findings: list[Finding], leftovers: Leftovers
    ) -> bytes:
        values = dict(content.fields)
        if self._stamps:
            values["Header/ReceivedDate"] = at.date().isoformat()
            values["Header/ReceivedTime"] = at.strftime("%H:%M:%S")
        pieces = [(self._header, _HEADER), *self._counted(content, values, ordinal, findings)]
        texts: list[str] = []
        taken = offset = 0
        for layout, prefix in pieces:
            faults: list[Fault] = []
            text, used = layout.write(values, prefix, faults)
            findings += findings_of(faults, ordinal, offset)
            texts.append(text)
            taken += used
            offset += layout.length
        taken += sum(path in values for path in self._header.layout.drops)
        if taken < len(values):
            carried = frozenset[str]().union(*(layout.paths(prefix) for layout, prefix in pieces))
            leftovers.add(content, carried, ordinal)
        return "".join(texts).encode("ascii")

    def _counted(
        self, content: Content, values: dict[str, str], ordinal: int, findings: list[Finding]
    ) -> list[tuple[CompiledLayout, str]]:
        """The blocks to write, their counts noted in ``values``; more than a count can say is a finding."""
        counts = count_blocks(content)
        pieces = []
        for count in self._shape.counts:
            block = count.layout.block or ""
            wanted = counts.get(block, 0)
            if wanted > count.highest:
                note = f"{wanted} blocks, the format has room for {count.highest}"
                field = count.field
                findings.append(
                    Finding(CSE_COUNT, Severity.ERROR, ordinal, field.name, block, field.start, field.length, note=note)
                )
            number = min(wanted, count.highest)
            values[count_key(block)] = str(number)
            pieces += [(self._blocks[block], _prefix(count.layout, n)) for n in range(1, number + 1)]
        return pieces


def _prefix(layout: Layout, number: int) -> str:
    return f"{layout.block}[{number}]/" if layout.repeats else f"{layout.block}/"


def _length(frame: Frame, expected: int, found: int, least: str) -> Finding:
    note = f"expected {least}{expected} bytes, found {found}"
    return Finding(CSE_LENGTH, Severity.ERROR, frame.ordinal, line=frame.line, note=note)
