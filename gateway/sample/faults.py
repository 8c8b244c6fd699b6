"""The faults that a sample may carry, by name: each spoils one record so that the validator must find it.

A fault is put into the content, before it is written, or into the bytes of the written record, where only the format
itself can be broken. A spoiler answers None when the record has no place for its fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.core.catalog import Catalog, Column, LayoutField, Need, Picture
from gateway.core.model import Content, FormatName, Kind
from gateway.offline.layouts import Block, blocks_of
from gateway.sample.acknowledgements import INTERCHANGE_ANSWER
from gateway.sample.assistance import ASSISTANCE_REFERRAL, ASSISTANCE_REPORT
from gateway.sample.contents import CASE_TRANSFER, LOCATE, NEW_HIRE
from gateway.sample.coverage import MEDICAL_SUPPORT
from gateway.sample.interstate import CASE_RECONCILIATION, CASE_STATUS
from gateway.sample.money import ASSET_INQUIRY, WITHHOLDING_PAYMENT
from gateway.sample.people import Chance
from gateway.sample.registry import REGISTRY_ENTRY
from gateway.sample.vital_records import DEATH_NOTICE, PARENTAGE
from gateway.sample.withholding import INCOME_WITHHOLDING

FUTURE = "2069-12-31"
"""The last year that a date with a two-digit year can be in."""
NO_DAY = "20250230"
NO_CODE = "QQ"
NO_REASON = "QQQQQ"


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes of a record in a fixed-width format, without its line end."""

    catalog: Catalog
    format: FormatName
    text: str

    def places(self, *pictures: Picture, filled: bool = True) -> list[tuple[int, int]]:
        """Start (0-based) and length of the fields with these pictures, only those that are filled or only blank; none
        that a record is known by."""
        return [
            (block.offset + one.start - 1, one.length)
            for block, one in self._fields()
            if one.picture in pictures and (block.cut(self.text, one).strip(" ") != "") is filled
        ]

    def required(self) -> list[tuple[int, int]]:
        """Start and length of the filled fields that a file of marked records asks for."""
        if self.format not in self.catalog.files:
            return []
        return [
            (block.offset + one.start - 1, one.length)
            for block, one in self._fields()
            if one.path and one.required is Need.REQUIRED and block.cut(self.text, one).strip(" ")
        ]

    def _fields(self) -> Iterator[tuple[Block, LayoutField]]:
        order = self.catalog.files.get(self.format)
        for block in blocks_of(self.catalog, self.format, self.text):
            marks = {
                place
                for record in (order.records if order else ())
                if record.layout == block.layout.name
                for mark in record.marks
                for place in range(mark.start, mark.start + len(mark.text))
            }
            for one in block.layout.fields:
                if marks.isdisjoint(range(one.start, one.start + one.length)):
                    yield block, one

    def put(self, start: int, text: str) -> str:
        return self.text[:start] + text + self.text[start + len(text) :]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a record in a delimited format."""

    columns: tuple[Column, ...]
    cells: tuple[str, ...]

    def filled(self, *pictures: Picture) -> list[int]:
        return [n for n, c in enumerate(self.columns) if c.picture in pictures and self.cells[n]]

    def put(self, number: int, cell: str) -> Row:
        return replace(self, cells=(*self.cells[:number], cell, *self.cells[number + 1 :]))

    def line(self) -> str:
        return ",".join(f'"{cell}"' if "," in cell else cell for cell in self.cells)


InContent = Callable[[Chance, Content], Content | None]
InWritten = Callable[[Chance, Written], str | None]
InRow = Callable[[Chance, Row], str | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """``rules``: the validator reports at least one of these. ``texts`` True: only for formats that are written as
    text without layout or columns."""

    name: str
    rules: frozenset[str]
    in_content: InContent | None = None
    in_written: InWritten | None = None
    in_row: InRow | None = None
    texts: bool = False
    lengthens: bool = False
    """Leaves a record of another length: not where records follow each other without line ends."""


def _with(content: Content, path: str | None, value: str | None) -> Content | None:
    """The content with another value, or without it; None when it does not have the path."""
    if path is None or (path not in content.fields and path != _REASON):
        return None
    fields = {name: text for name, text in content.fields.items() if name != path}
    return Content(content.kind, fields if value is None else {**fields, path: value})


_REASON = "Header/Reason"
_NEEDED = MappingProxyType(
    {
        NEW_HIRE: "Employee/PersonSSNIdentification",
        CASE_TRANSFER: "Header/SenderCaseID",
        LOCATE: "Header/SenderCaseID",
        INCOME_WITHHOLDING: "Order/Employee/PersonSSNIdentification",
        ASSET_INQUIRY: "PersonName/PersonSurName",
        WITHHOLDING_PAYMENT: "Payment/PersonSSNIdentification",
        ASSISTANCE_REPORT: "CaseID",
        ASSISTANCE_REFERRAL: "SenderLocatorID",
        CASE_STATUS: "QueryID",
        CASE_RECONCILIATION: "OtherLocatorID",
        INTERCHANGE_ANSWER: "FunctionalGroup/AcknowledgementCode",
        REGISTRY_ENTRY: "ActionTypeCode",
    }
)
_DATED = MappingProxyType(
    {
        NEW_HIRE: "HireDate",
        CASE_TRANSFER: "Header/TransactionDate",
        LOCATE: "Header/SentDate",
        CASE_STATUS: "RequestDateRange/StartDate",
        CASE_RECONCILIATION: "PersonBirthDate",
    }
)
_PAST = MappingProxyType(
    {
        NEW_HIRE: "HireDate",
        CASE_TRANSFER: "Header/TransactionDate",
        LOCATE: "Header/TransactionDate",
        PARENTAGE: "Child/PersonBirthDate",
        DEATH_NOTICE: "DeathDate",
        MEDICAL_SUPPORT: "PolicyHolder/PersonBirthDate",
        CASE_STATUS: "RequestDateRange/StartDate",
        CASE_RECONCILIATION: "PersonBirthDate",
    }
)
_BORN = MappingProxyType({MEDICAL_SUPPORT: "CoveredPerson[1]/PersonBirthDate"})
"""Where a day of the past is when it is not there."""
_CODED = MappingProxyType(
    {
        NEW_HIRE: "Employee/EmployeeAddress/AddressStateCode",
        CASE_TRANSFER: "Case/Contact/Address/AddressStateCode",
        LOCATE: "Case/Contact/Address/AddressStateCode",
        INCOME_WITHHOLDING: "Order/DocumentActionCode",
        CASE_STATUS: "DataRequestCode",
        CASE_RECONCILIATION: "ParticipantTypeCode",
        REGISTRY_ENTRY: "ParticipantTypeCode",
    }
)
_OTHERWISE = MappingProxyType({"FunctionalGroup/AcknowledgementCode": "Interchange/AcknowledgementCode"})
"""Where a record has what it does not have in the place of the others of its kind."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONG = "Q" * 500
"""Longer than any element."""


def _place(table: Mapping[Kind, str], content: Content) -> str | None:
    """Where a content has what the table names for its kind; an answer has it where the order has."""
    path = table.get(content.kind)
    path = _OTHERWISE.get(path, path) if path and path not in content.fields else path
    return path.replace("Order/", "Answer/", 1) if path and content.get("DocumentTypeCode") == "A" else path


def _missing(_chance: Chance, content: Content) -> Content | None:
    return _with(content, _place(_NEEDED, content), None)


def _future(_chance: Chance, content: Content) -> Content | None:
    return _with(content, _PAST.get(content.kind), FUTURE) or _with(content, _BORN.get(content.kind), FUTURE)


def _unknown_code(_chance: Chance, content: Content) -> Content | None:
    return _with(content, _place(_CODED, content), NO_CODE)


def _unknown_transaction(_chance: Chance, content: Content) -> Content | None:
    return _with(content, _REASON if content.kind in (CASE_TRANSFER, LOCATE) else None, NO_REASON)


def _no_day(_chance: Chance, content: Content) -> Content | None:
    """In the place that the table names; of a kind that no table names, in its first day."""
    days = (path for path, value in content.fields.items() if _DAY.fullmatch(value))
    path = _DATED.get(content.kind) if _is_known(content) else next(days, None)
    return _with(content, path, f"{NO_DAY[:4]}-{NO_DAY[4:6]}-{NO_DAY[6:]}")


def _too_long(chance: Chance, content: Content) -> Content | None:
    """Of kinds that no table names a place of."""
    paths = [path for path, value in content.fields.items() if not _DAY.fullmatch(value)]
    return None if _is_known(content) else _with(content, chance.dice.choice(paths), _LONG)


def _is_known(content: Content) -> bool:
    return any(content.kind in table for table in (_NEEDED, _DATED, _PAST, _CODED))


def _at(chance: Chance, written: Written, places: list[tuple[int, int]], text: str) -> str | None:
    return written.put(chance.dice.choice(places)[0], text) if places else None


def _blank(chance: Chance, written: Written, places: list[tuple[int, int]]) -> str | None:
    if not places:
        return None
    start, length = chance.dice.choice(places)
    return written.put(start, " " * length)


def _cell(chance: Chance, row: Row, places: list[int], cell: str) -> str | None:
    return row.put(chance.dice.choice(places), cell).line() if places else None


FAULTS: tuple[Fault, ...] = (
    Fault(
        "required-missing",
        frozenset(
            {
                "NH-SSN",
                "CSE-CASE-ID-SENDER",
                "FIX-REQUIRED",
                "IWO-ORDER-NEEDED",
                "IWO-ANSWER-NEEDED",
                "FIDM-NAME",
                "XSD-MISSING",
                "DED-ELEMENT-MISSING",
                "TANF-CASE",
                "AR-SENDER",
                "ICR-OTHER-STATE",
                "X12-REQUIRED",
                "X12-ANSWER",
                "FCR-REQUIRED",
            }
        ),
        in_content=_missing,
    ),
    Fault(
        "date-in-future",
        frozenset(
            {
                "NH-HIRE-DATE-FUTURE",
                "CSE-DATE-FUTURE",
                "VR-BIRTH-FUTURE",
                "VR-DEATH-FUTURE",
                "MED-BIRTH-DATE",
                "CST-RANGE-FUTURE",
                "ICR-BIRTH-FUTURE",
            }
        ),
        in_content=_future,
    ),
    Fault(
        "code-unknown",
        frozenset({"NH-CODE", "CSE-CODE", "IWO-CODE", "XSD-VALUE", "ICR-CODE", "FCR-PARTICIPANT"}),
        in_content=_unknown_code,
    ),
    Fault("transaction-unknown", frozenset({"CSE-TRIPLE-UNKNOWN"}), in_content=_unknown_transaction),
    Fault("date-impossible", frozenset({"XSD-VALUE", "XSD-TYPE"}), in_content=_no_day, texts=True),
    Fault(
        "value-too-long",
        frozenset({"XSD-LENGTH", "XSD-PATTERN", "XSD-VALUE", "XSD-TYPE"}),
        in_content=_too_long,
        texts=True,
    ),
    Fault(
        "record-too-long",
        frozenset({"CSE-LENGTH", "FIX-LENGTH"}),
        in_written=lambda _, record: record.text + "X",
        lengthens=True,
    ),
    Fault(
        "record-too-short",
        frozenset({"CSE-LENGTH", "FIX-LENGTH"}),
        in_written=lambda _, record: record.text[:-1],
        lengthens=True,
    ),
    Fault(
        "required-blank",
        frozenset({"FIX-REQUIRED"}),
        in_written=lambda chance, record: _blank(chance, record, record.required()),
    ),
    Fault(
        "control-character",
        frozenset({"FIX-CHARACTER"}),
        in_written=lambda chance, record: _at(chance, record, record.places(Picture.TEXT), "\x01"),
    ),
    Fault(
        "letter-among-digits",
        frozenset({"FIX-DIGITS"}),
        in_written=lambda chance, record: _at(chance, record, record.places(Picture.DIGITS), "Q"),
    ),
    Fault(
        "day-impossible",
        frozenset({"FIX-DATE"}),
        in_written=lambda chance, record: _at(chance, record, record.places(Picture.DATE), NO_DAY),
    ),
    Fault(
        "filler-filled",
        frozenset({"FIX-RESERVED"}),
        in_written=lambda chance, record: _at(chance, record, record.places(Picture.RESERVED, filled=False), "X"),
    ),
    Fault("column-missing", frozenset({"CSV-COLUMNS"}), in_row=lambda _, row: row.line().rpartition(",")[0]),
    Fault("column-added", frozenset({"CSV-COLUMNS"}), in_row=lambda _, row: row.line() + ","),
    Fault("quote-open", frozenset({"CSV-QUOTE"}), in_row=lambda _, row: '"' + row.line()),
    Fault(
        "cell-control-character",
        frozenset({"CSV-CHARACTER"}),
        in_row=lambda chance, row: _cell(chance, row, row.filled(Picture.TEXT), "\x01"),
    ),
    Fault(
        "cell-day-impossible",
        frozenset({"CSV-DATE"}),
        in_row=lambda chance, row: _cell(chance, row, row.filled(Picture.DATE), NO_DAY),
    ),
)
"""Every kind of fault."""

BY_NAME: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in FAULTS})
