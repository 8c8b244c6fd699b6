"""Format ``w4``: new hires as a W-4 file of the national directory (NDNH guide v13.4): H4 header, W4 data, no trailer.

The trailer T4 is read when it comes and never written: no public source shows its layout.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, Kind, Partner, Role, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.fixed_width import Leftovers, compiled, document_order, findings_of
from transforms.layout import Fault
from transforms.w4_reader import W4Reader

W4 = FormatName("w4")
NEW_HIRE = Kind("new-hire")
LINE_END = b"\n"
FIX_LENGTH = RuleCode("FIX-LENGTH")
BATCH_NUMBERS = 1_000_000
"""Batch numbers have six digits and begin again after the last."""

_STATE_LENGTH = 2
_STATE = "Transmission/TransmitterStateCode"
_AGENCY = "Transmission/TransmitterAgencyCode"
_DOD = "Transmission/DoDCode"
_DATE = "Transmission/TransmissionDate"
_BATCH = "Transmission/BatchNumber"
_TRANSMISSION = (_STATE, _AGENCY, _DOD, _DATE, _BATCH)
"""What the header of the file says anew."""


class W4Format:
    """The port ``Format``. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._info = catalog.formats[W4]
        order = document_order(catalog, NEW_HIRE)
        self._header = compiled(catalog, "w4-header", order)
        self._data = compiled(catalog, "w4-data", order)
        self._carried = self._header.paths("") | self._data.paths("")

    def __reduce__(self) -> tuple[type[W4Format], tuple[Catalog]]:
        return W4Format, (self._catalog,)

    @property
    def name(self) -> FormatName:
        return W4

    def reader(self) -> Reader:
        return W4Reader(self._header, counted=not self._catalog.withheld)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:
        """The content carries the header's facts too, under ``Transmission``."""
        if len(frame.body) != self._data.length:
            note = f"expected {self._data.length} bytes, found {len(frame.body)}"
            return Decoded(None, (Finding(FIX_LENGTH, Severity.ERROR, frame.ordinal, line=frame.line, note=note),))
        content, faults = self._data.content(frame.body.decode("latin-1"), NEW_HIRE, heading.fields)
        return Decoded(content, tuple(findings_of(faults, frame.ordinal))) if faults else Decoded(content)

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        """Header from the cover: who sends, when, and the running number as batch number."""
        header = _transmitter(cover.sender) | {
            _DATE: cover.created_at.date().isoformat(),
            _BATCH: f"{cover.number % BATCH_NUMBERS:06d}",
        }
        return self._file(contents, header, one_code=True)

    def rewrite(self, contents: Sequence[Content]) -> Encoded:
        """The file that these records came in: header from the first record's own facts."""
        first = contents[0].fields if contents else {}
        header = {path: value for path, value in first.items() if path in self._header.paths("")}
        return self._file(contents, header)

    def _file(self, contents: Sequence[Content], header: dict[str, str], *, one_code: bool = False) -> Encoded:
        """``one_code``: the header names the agency code that all records name. Every content is looked at once."""
        leftovers = Leftovers()
        found: list[Finding] = []
        codes: set[str | None] = set()
        lines = [b""]  # the header, known in the end
        for ordinal, content in enumerate(contents, 1):
            if content.kind != NEW_HIRE:
                raise Unprocessable(f"{W4} cannot carry records of kind {content.kind}")
            codes.add(content.get(_DOD))
            lines.append(self._line(content, ordinal, found, leftovers))
        if one_code and len(codes) == 1 and (code := codes.pop()):
            header[_DOD] = code
        faults: list[Fault] = []
        text, _ = self._header.write(header, "", faults)
        lines[0] = text.encode("ascii")
        findings = (*findings_of(faults, None), *found, *leftovers.findings())
        body = LINE_END.join([*lines, b""])
        return Encoded(body, self._info.media_type, self._info.extension, findings)

    def _line(self, content: Content, ordinal: int, findings: list[Finding], leftovers: Leftovers) -> bytes:
        faults: list[Fault] = []
        text, taken = self._data.write(content.fields, "", faults)
        if faults:
            findings += findings_of(faults, ordinal)
        taken += sum(path in content.fields for path in _TRANSMISSION)
        if taken < len(content.fields):
            leftovers.add(content, self._carried, ordinal)
        return text.encode("ascii")


def _transmitter(sender: Partner) -> dict[str, str]:
    """Who transmits: the number of a state, else the employer number or agency code."""
    states = sorted(locator for locator in sender.locators if len(locator) == _STATE_LENGTH)
    if sender.role is Role.STATE and states:
        return {_STATE: states[0]}
    others = sorted(locator for locator in sender.locators if len(locator) > _STATE_LENGTH)
    return {_AGENCY: others[0]} if others else {}
