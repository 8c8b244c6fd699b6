"""The records of a NACHA file, made ready, and the totals that its control records are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.core.catalog import Catalog, Need
from gateway.core.file_order import FileOrder, FileRecord, RecordRole
from gateway.core.model import FormatName, Kind, RuleCode
from transforms.files_records import OWN, Record, Records
from transforms.layout import Fault

ACH_DED = FormatName("ach-ded")
PAYMENT = Kind("withholding-payment")
LENGTH = 94
FILE_HEADER, BATCH_HEADER, ENTRY, CTX_ENTRY = "ach-file-header", "ach-batch-header", "ach-entry", "ach-entry-ctx"
ADDENDA, BATCH_CONTROL, FILE_CONTROL = "ach-addenda", "ach-batch-control", "ach-file-control"
CCD, CTX = "CCD", "CTX"
HASH_DIGITS = 10
BLOCK = 10
"""Records of a block."""
FREE_TEXT = "company_descriptive_date"
"""Kept where it is a date; any other text there is no fault."""

ACH_COUNT = RuleCode("ACH-COUNT")
ACH_HASH = RuleCode("ACH-HASH")
ACH_TOTAL = RuleCode("ACH-TOTAL")
ACH_BATCH = RuleCode("ACH-BATCH")
RULES: Mapping[str, RuleCode] = {
    "batch_count": ACH_COUNT,
    "block_count": ACH_COUNT,
    "entry_addenda_count": ACH_COUNT,
    "entry_hash": ACH_HASH,
    "total_debit_amount": ACH_TOTAL,
    "total_credit_amount": ACH_TOTAL,
    "service_class_code": ACH_BATCH,
    "company_identification": ACH_BATCH,
    "originating_dfi_identification": ACH_BATCH,
    "batch_number": ACH_BATCH,
}
"""Field of a control record -> the rule that it breaks when it does not agree."""

CLASS_CODE, COMPANY_CODE, COMPANY = "Entry/EntryClassCode", "Entry/CompanyIdentificationCode", "Entry/CompanyID"
ORIGINATOR, RECEIVER = "Entry/OriginatingInstitutionID", "Entry/ReceivingInstitutionID"
KIND_OF_ENTRY, AMOUNT, TRACE = "Entry/TransactionCode", "Entry/TransmittalAmount", "Entry/TraceNumber"
SEQUENCE, PAID = "Entry/EntryDetailSequenceNumber", "Payment/PaymentAmount"
DESTINATION, ORIGIN = "PaymentFile/DestinationID", "PaymentFile/OriginID"
_FIRST_DEBIT = "5"
"""Second digit of transaction codes: 1 to 4 credit an account, 5 and above debit it."""
_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7)
_MIXED, _CREDITS, _DEBITS = "200", "220", "225"


class AchRecords:
    """All of them. Records are read with ``#`` before the names of fields that are of the file alone."""

    def __init__(self, catalog: Catalog) -> None:
        names = (FILE_HEADER, BATCH_HEADER, ENTRY, CTX_ENTRY, ADDENDA, BATCH_CONTROL, FILE_CONTROL)
        order = FileOrder(ACH_DED, PAYMENT, LENGTH, tuple(FileRecord(name, RecordRole.ASIDE) for name in names))
        made = Records(catalog, order)
        self._all = {record.name: record for record in made.all}
        self.ranks = made.ranks
        """Path -> its place in a document."""
        whole = (self[name] for name in (FILE_HEADER, BATCH_HEADER, ENTRY))
        rows = [row for record in whole for row in record.compiled.layout.fields if row.path in record.paths]
        self.paths = frozenset(row.path for row in rows if row.path)
        """What header, batch header and entry of a written file can say."""
        self.needed = frozenset(row.path for row in rows if row.path and row.required is Need.REQUIRED)

    def __getitem__(self, name: str) -> Record:
        return self._all[name]

    def read(self, name: str, text: str) -> tuple[dict[str, str], list[Fault]]:
        """The values of a record of the right length, and its faults."""
        values: dict[str, str] = {}
        faults = self[name].read(text, values)
        return values, [fault for fault in faults if fault.field.name != FREE_TEXT]

    def sorted(self, fields: Mapping[str, str]) -> dict[str, str]:
        """In document order, without what is of the file alone."""
        ranks = self.ranks
        known = sorted((path for path in fields if path in ranks), key=ranks.__getitem__)
        first = [path for path in fields if path not in ranks and not path.startswith(OWN)]
        return {path: fields[path] for path in (*first, *known)}


@dataclass(slots=True)
class Totals:
    """What is counted of a batch, or of a file; amounts in cents."""

    batches: int = 0
    records: int = 0
    """Entries and addenda records."""
    hash: int = 0
    debit: int = 0
    credit: int = 0
    debits: int = 0
    credits: int = 0
    """Entries of either kind."""

    def add_entry(self, entry: Mapping[str, str]) -> None:
        self.records += 1
        self.hash += int(entry.get(RECEIVER, "0")[:-1] or "0")
        cents = cents_of(entry.get(AMOUNT))
        if is_debit(entry):
            self.debit += cents
            self.debits += 1
        else:
            self.credit += cents
            self.credits += 1

    def add(self, batch: Totals) -> None:
        self.batches += 1
        self.records += batch.records
        self.hash += batch.hash
        self.debit += batch.debit
        self.credit += batch.credit

    def controls(self) -> Iterator[tuple[str, int]]:
        """Field of the control record, and what has to stand in it."""
        yield "entry_addenda_count", self.records
        yield "entry_hash", self.hash % 10**HASH_DIGITS
        yield "total_debit_amount", self.debit
        yield "total_credit_amount", self.credit

    @property
    def service_class(self) -> str:
        """The narrowest one."""
        return _CREDITS if not self.debits else _MIXED if self.credits else _DEBITS


def is_debit(entry: Mapping[str, str]) -> bool:
    return entry.get(KIND_OF_ENTRY, "")[1:] >= _FIRST_DEBIT


def belongs(service_class: str, entry: Mapping[str, str]) -> bool:
    """Whether a batch of this class may have the entry."""
    return service_class != (_CREDITS if is_debit(entry) else _DEBITS)


def cents_of(amount: str | None) -> int:
    """Of a canonical amount."""
    return int(amount.replace(".", "")) if amount else 0


def blocks(records: int) -> int:
    return -(-records // BLOCK)


def company_of(batch: Mapping[str, str]) -> str:
    """The company's number with its code, as the control record has it."""
    return f"{batch.get(COMPANY_CODE, ' ')}{batch.get(COMPANY, '')}"


def has_check_digit(routing: str) -> bool:
    """Whether nine digits end in the check digit of the eight before it (routing numbers of the American Bankers
    Association: weights 3, 7, 1, up to the next ten)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, routing, strict=False))
    return -total % 10 == int(routing[-1])
