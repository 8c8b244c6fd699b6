"""Writes payments as a NACHA file of class CCD, each with its DED segment in one addenda record (CCD+).

Nothing of a bank is made up: entries, batches and file say what the records say, which they have from the file that
they came in. Payments that do not all say it are written as addenda records alone, for the bank's program to put behind
its entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.model import Content, Finding, RuleCode, Severity
from gateway.core.ports.formats import Cover
from transforms import ach_records as ach
from transforms.ach_records import AchRecords, Totals
from transforms.fixed_width import Leftovers, findings_of
from transforms.layout import Fault

FILE_HEADER_CONFLICT = RuleCode("FILE-HEADER-CONFLICT")
FILLING = "9" * ach.LENGTH
_MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ORIGINATOR_IS_BANK = "1"
_TRACE = re.compile(r"[0-9]{15}", re.ASCII)
_WIDE = 10
"""Numbers of destination and origin end at the right."""

Segment = Callable[[Content, int, str], str]
"""Writes the addenda record of a payment: content, its ordinal, the end of the trace number."""


def says_all(records: AchRecords, content: Content) -> bool:
    """Whether a payment says what its entry, batch and file need, and may have an entry of its own."""
    fields = content.fields
    whole = all(fields.get(path) for path in records.needed)
    return whole and fields[ach.CLASS_CODE] == ach.CCD and bool(_TRACE.fullmatch(fields[ach.TRACE]))


@dataclass(slots=True)
class FileWriting:
    """One file on its way from payments to lines."""

    records: AchRecords
    cover: Cover
    segment: Segment
    carried: frozenset[str]
    """Paths that addenda records carry."""
    findings: list[Finding] = field(default_factory=list)
    leftovers: Leftovers = field(default_factory=Leftovers)
    totals: Totals = field(default_factory=Totals)

    def lines(self, contents: Sequence[Content]) -> list[str]:
        carried = self.carried | self.records.paths
        for ordinal, content in enumerate(contents, 1):
            self.leftovers.add(content, carried, ordinal)
        lines = [self._header(contents)]
        for batch in self._batches(contents):
            lines += self._batch(batch)
        lines.append(self._control(len(lines) + 1))
        return [*lines, *[FILLING] * (-len(lines) % ach.BLOCK)]

    def _batches(self, contents: Sequence[Content]) -> Iterator[list[tuple[int, Content]]]:
        """Payments that follow each other under one batch header, while their trace numbers rise."""
        paths = sorted(self.records[ach.BATCH_HEADER].paths)
        batch: list[tuple[int, Content]] = []
        before: tuple[list[str | None], str] | None = None
        for ordinal, content in enumerate(contents, 1):
            said, trace = [content.get(path) for path in paths], content.fields[ach.TRACE]
            if batch and before is not None and (said != before[0] or trace <= before[1]):
                yield batch
                batch = []
            batch.append((ordinal, content))
            before = said, trace
        yield batch

    def _batch(self, batch: Sequence[tuple[int, Content]]) -> list[str]:
        totals, lines = Totals(), []
        for ordinal, content in batch:
            fields = content.fields
            lines.append(self._written(ach.ENTRY, {**fields, "#addenda_record_indicator": "1"}, ordinal))
            lines.append(self.segment(content, ordinal, fields[ach.TRACE][-7:]))
            totals.add_entry(fields)
            totals.records += 1
        self.totals.add(totals)
        first = batch[0][1].fields
        own = {"#service_class_code": totals.service_class, "#batch_number": f"{self.totals.batches:07d}"}
        header = {**first, **own, "#originator_status_code": _ORIGINATOR_IS_BANK}
        control = {
            **own,
            **_numbers(self.records, ach.BATCH_CONTROL, dict(totals.controls())),
            "#company_identification": ach.company_of(first),
            "#originating_dfi_identification": first[ach.ORIGINATOR],
        }
        return [self._written(ach.BATCH_HEADER, header), *lines, self._written(ach.BATCH_CONTROL, control)]

    def _header(self, contents: Sequence[Content]) -> str:
        """A header can speak for one file only."""
        paths = sorted(self.records[ach.FILE_HEADER].paths)
        for path in paths:
            if len({content.get(path) for content in contents}) > 1:
                self.findings.append(Finding(FILE_HEADER_CONFLICT, Severity.ERROR, path=path))
        fields, made = contents[0].fields, self.cover.created_at
        right = {path: fields[path].rjust(_WIDE) for path in (ach.DESTINATION, ach.ORIGIN)}
        own = {
            "#file_creation_date": made.date().isoformat(),
            "#file_creation_time": f"{made:%H%M}",
            "#file_id_modifier": _MODIFIERS[self.cover.number % len(_MODIFIERS)],
        }
        return self._written(ach.FILE_HEADER, {**fields, **right, **own})

    def _control(self, records: int) -> str:
        counts = {"batch_count": self.totals.batches, "block_count": ach.blocks(records)}
        values = _numbers(self.records, ach.FILE_CONTROL, counts | dict(self.totals.controls()))
        return self._written(ach.FILE_CONTROL, values)

    def _written(self, name: str, values: Mapping[str, str], ordinal: int | None = None) -> str:
        faults: list[Fault] = []
        text = self.records[name].write(values, faults)
        self.findings += findings_of(faults, ordinal)
        return text


def _numbers(records: AchRecords, name: str, values: Mapping[str, int]) -> dict[str, str]:
    """Zero-filled, as wide as their fields."""
    fields = {field.name: field for field in records[name].compiled.layout.fields}
    return {f"#{key}": f"{value:0{fields[key].length}d}" for key, value in values.items()}
