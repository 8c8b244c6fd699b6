"""Cuts a NACHA file into its payments and compares its controls, sans I/O: 94 bytes each, any line end or none.

A file is 1 (5 (6 7*)* 8)* 9, then any number of filling records of nines; or addenda records alone. Each frame is an
addenda record (of a CTX entry a DED segment), with its entry and batch header behind it, so that it can be decoded
wherever its chunk of the file goes. A file whose records do not come in this order, that ends too early, or whose
controls do not agree, is refused as a whole, with every such control named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from transforms import ach_records as ach
from transforms.ach_records import AchRecords, Totals
from transforms.ctx import Remittance
from transforms.cutting import PADDING, WINDOW, RecordCutter
from transforms.files_records import OWN
from transforms.fixed_width import findings_of
from transforms.layout import Fault
from transforms.lines import Cut, line_end
from transforms.x12_elements import is_short_day, is_time

ACH_LENGTH = RuleCode("ACH-LENGTH")
ACH_ORDER = RuleCode("ACH-ORDER")
ACH_CUT_OFF = RuleCode("ACH-CUT-OFF")
ACH_RECORD = RuleCode("ACH-RECORD")
ACH_ADDENDA = RuleCode("ACH-ADDENDA")
ACH_TRACE = RuleCode("ACH-TRACE")
ACH_SERVICE_CLASS = RuleCode("ACH-SERVICE-CLASS")
ACH_ENTRY_ALONE = RuleCode("ACH-ENTRY-ALONE")
ACH_AMOUNT = RuleCode("ACH-AMOUNT")
CTX_SET = RuleCode("CTX-SET")
CTX_PASSED_OVER = RuleCode("CTX-PASSED-OVER")

ENTRY, ADDENDA, LAST = "6", "7", "9"
START = ""
FOLLOWS: Mapping[str, str] = {START: "17", "1": "59", "5": "68", "6": "678", "7": "678", "8": "59", "9": "9"}
"""Record type -> the types that may follow it."""
TYPES = frozenset("156789")
FILLER = LAST * ach.LENGTH
TEXT = slice(3, 83)
"""Where an addenda record holds its part of the payment's text."""
_SEQUENCE, _BELONGS = slice(83, 87), slice(87, 94)
"""Of an addenda record: its number within the entry, and the end of the entry's trace number."""
ORIGIN, DAY, TIME, MODIFIER = slice(13, 23), slice(23, 29), slice(29, 33), slice(33, 34)
"""Of the file header: who made the file, when (YYMMDD, and HHMM or blank), and which of the day's files it is."""
_MODIFIER = re.compile("[A-Z0-9]")


class AchReader(RecordCutter):
    """The port ``Reader``. Each frame is a payment, or a record of no known type for ``decode`` to name."""

    def __init__(self, records: AchRecords) -> None:
        super().__init__()
        self._records = records
        self._length = ach.LENGTH
        self._before = START
        self._bare = False
        """The file holds addenda records alone."""
        self._joined: bool | None = None
        """Whether the file has no line ends; None: not known yet."""
        self._taken = 0
        """Records up to the file control."""
        self._filling = 0
        self._file, self._totals = Totals(), Totals()
        self._batch: dict[str, str] = {}
        self._batch_text = ""
        self._entry: dict[str, str] = {}
        self._entry_text = ""
        self._entry_line = 0
        self._addenda = 0
        """Addenda records of the present entry."""
        self._remittance: Remittance | None = None
        """Of a CTX entry."""
        self._control: tuple[dict[str, str], int] | None = None
        self._passed = 0
        self._alone = 0
        """Entries that say nothing of a payment: money that nobody explains."""

    def _end(self) -> None:
        if not self._bare and self._before not in (START, LAST):
            self._stop(ACH_CUT_OFF, f"the last record is of type {self._before}")
            return
        if self._control is not None:
            self._compare_file(*self._control)
        if self._alone:
            self._findings.append(Finding(ACH_ENTRY_ALONE, Severity.WARNING, note=f"{self._alone} times"))
        if self._passed:
            self._findings.append(Finding(CTX_PASSED_OVER, Severity.NOTICE, note=f"{self._passed} segments"))

    def _next(self, window: bytes, *, final: bool) -> Cut | None:
        """The next record: up to its line end, or 94 bytes in a file without line ends."""
        end = line_end(window[:WINDOW])
        if self._joined is None:
            self._joined = self._seems_joined(window, end, final=final)
        if self._joined is None:
            return None
        if self._joined and not 0 <= end < self._length:
            whole = len(window) >= self._length or final
            return Cut(window[: self._length], min(self._length, len(window))) if whole and window else None
        stretch = window[:end] if end >= 0 else window[:WINDOW]
        if end >= 0 or (final and 0 < len(window) <= WINDOW):
            spare = stretch[self._length :]
            return Cut(stretch if spare.strip(PADDING) else stretch[: self._length], len(stretch))
        if len(window) > WINDOW:
            self._stop(ACH_LENGTH, f"expected {self._length} bytes and a line end")
        return None

    def _seems_joined(self, window: bytes, end: int, *, final: bool) -> bool | None:
        """Whether another record follows the first one at once; None: too few bytes have come to tell."""
        if 0 <= end <= self._length:
            return False
        if len(window) > self._length:
            return chr(window[self._length]) in TYPES
        return False if final else None

    def _take(self, body: bytes, frames: list[Frame]) -> None:
        kind = chr(body[0])
        if kind not in TYPES:
            self._framed(body, frames)
            return
        text = body.decode("latin-1")
        self._follow(kind, text)
        if self._stopped:
            return
        if kind == ADDENDA:
            self._take_addenda(text, frames)
        elif len(text) != self._length:
            self._stop(ACH_LENGTH, f"expected {self._length} bytes, found {len(text)}")
        else:
            {
                "1": self._take_header,
                "5": self._take_batch,
                "6": self._take_entry,
                "8": self._take_batch_control,
                "9": self._take_control,
            }[kind](text)

    def _follow(self, kind: str, text: str) -> None:
        if self._before == START and kind == ADDENDA:
            self._bare = True
        allowed = ADDENDA if self._bare else FOLLOWS[self._before]
        if kind not in allowed or (self._before == LAST and text != FILLER):
            behind = f"behind type {self._before}" if self._before else "at the beginning"
            self._stop(ACH_ORDER, f"a record of type {kind} {behind}")
        if self._before in (ENTRY, ADDENDA) and kind != ADDENDA and not self._bare:
            self._leave_entry()
        self._before = kind

    # --- what stands around the payments ---

    def _take_header(self, text: str) -> None:
        self._taken += 1
        values = self._read(ach.FILE_HEADER, text)
        told = {path: value.strip(" ") for path, value in values.items() if not path.startswith(OWN)}
        self._heading = Heading({path: value for path, value in told.items() if value}, _told_by(text))

    def _take_batch(self, text: str) -> None:
        self._taken += 1
        self._batch, self._batch_text, self._totals = self._read(ach.BATCH_HEADER, text), text, Totals()

    def _take_entry(self, text: str) -> None:
        self._taken += 1
        ctx = self._batch.get(ach.CLASS_CODE) == ach.CTX
        self._entry = self._read(ach.CTX_ENTRY if ctx else ach.ENTRY, text)
        self._entry_text, self._entry_line, self._addenda = text, self._incoming.line, 0
        self._remittance = Remittance() if ctx else None
        self._totals.add_entry(self._entry)
        if not ach.belongs(self._batch.get("#service_class_code", ""), self._entry):
            self._refuse(ACH_SERVICE_CLASS)

    def _take_batch_control(self, text: str) -> None:
        self._taken += 1
        values, batch = self._read(ach.BATCH_CONTROL, text), self._batch
        self._compare(values, self._totals, self._incoming.line)
        said = {
            "service_class_code": batch.get("#service_class_code"),
            "company_identification": ach.company_of(batch),
            "originating_dfi_identification": batch.get(ach.ORIGINATOR),
            "batch_number": batch.get("#batch_number"),
        }
        for name, value in said.items():
            if values.get(f"{OWN}{name}") != value:
                self._refuse(ach.ACH_BATCH, note=name)
        self._file.add(self._totals)

    def _take_control(self, text: str) -> None:
        if self._control is not None:
            self._filling += 1
            return
        self._taken += 1
        self._control = self._read(ach.FILE_CONTROL, text), self._incoming.line

    def _compare_file(self, values: Mapping[str, str], line: int) -> None:
        """Whether filling records are of the last block is told by how many there are."""
        self._compare(values, self._file, line)
        self._agrees(values, "batch_count", (self._file.batches,), line)
        self._agrees(values, "block_count", (ach.blocks(self._taken), ach.blocks(self._taken + self._filling)), line)

    def _compare(self, values: Mapping[str, str], totals: Totals, line: int) -> None:
        for name, expected in totals.controls():
            self._agrees(values, name, (expected,), line)

    def _agrees(self, values: Mapping[str, str], name: str, expected: tuple[int, ...], line: int) -> None:
        """One that cannot be read was told already."""
        given = values.get(f"{OWN}{name}", "")
        if given.isdecimal() and int(given) not in expected:
            rule = ach.RULES[name]
            note = f"{name}: {expected[0]} counted" if rule == ach.ACH_COUNT else name
            self._findings.append(Finding(rule, Severity.FATAL, field=name, line=line, note=note))

    def _read(self, name: str, text: str) -> dict[str, str]:
        """The values of a record around the payments; each fault refuses the file."""
        values, faults = self._records.read(name, text)
        self._findings += [self._fatal(fault) for fault in faults]
        return values

    def _fatal(self, fault: Fault) -> Finding:
        (finding,) = findings_of((fault,), None)
        fatal = Severity.FATAL if finding.severity.blocks else finding.severity
        return replace(finding, rule=ACH_RECORD, severity=fatal, line=self._incoming.line, path=None, note=finding.rule)

    def _refuse(self, rule: RuleCode, line: int | None = None, note: str | None = None) -> None:
        """Something that refuses the file, after which it can be read on."""
        self._findings.append(Finding(rule, Severity.FATAL, line=line or self._incoming.line, note=note))

    # --- payments ---

    def _take_addenda(self, text: str, frames: list[Frame]) -> None:
        if self._bare:
            self._framed(text.encode("latin-1"), frames)
            return
        self._taken += 1
        self._addenda += 1
        self._totals.records += 1
        if len(text) == self._length and text[_BELONGS] != self._entry_text[-7:]:
            self._refuse(ACH_TRACE)
        if self._remittance is None:
            self._frame(text, frames)
        elif len(text) != self._length:
            self._stop(ACH_LENGTH, f"expected {self._length} bytes, found {len(text)}")
        else:
            if text[_SEQUENCE] != f"{self._addenda:04d}":
                self._refuse(ACH_TRACE)
            for segment in self._remittance.feed(text[TEXT]):
                self._frame(segment, frames)

    def _frame(self, text: str, frames: list[Frame]) -> None:
        self._framed(f"{text}{self._entry_text}{self._batch_text}".encode("latin-1"), frames)

    def _leave_entry(self) -> None:
        """All addenda records of the entry have come."""
        told = self._entry.get("#addenda_record_indicator")
        number = self._entry.get("#number_of_addenda_records")
        if told is not None and (told == "1") is not (self._addenda > 0):
            self._refuse(ACH_ADDENDA, self._entry_line)
        elif number is not None and int(number) != self._addenda:
            self._refuse(ACH_ADDENDA, self._entry_line, f"{self._addenda} counted")
        paid = self._remittance
        if paid is None:
            self._alone += self._addenda == 0
            return
        paid.finish()
        self._passed += paid.passed
        if paid.fault:
            self._refuse(CTX_SET, self._entry_line, paid.fault)
        elif not paid.payments:
            self._alone += 1
        elif paid.cents != ach.cents_of(self._entry.get(ach.AMOUNT)):
            self._findings.append(Finding(ACH_AMOUNT, Severity.WARNING, line=self._entry_line))


def _told_by(header: str) -> dict[str, str]:
    """What the file header says of the file; nothing when its day is none, for only the order of files asks for it. The
    modifier tells the files of one day apart, so it comes with its day."""
    day, time, modifier = header[DAY], header[TIME], header[MODIFIER]
    if not is_short_day(day):
        return {}
    told = {"immediate_origin": header[ORIGIN].strip(" "), "file_creation_date": day}
    if _MODIFIER.fullmatch(modifier):
        told["file_id_modifier"] = f"{day}{modifier}"
    return told | ({"file_creation_time": time} if is_time(time) else {})
