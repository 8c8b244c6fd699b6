"""CSV for a spreadsheet: one row a place of a finding. No cell can be taken for a formula, whatever a file's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.core.receipt import sample
from gateway.core.spreadsheet import Spreadsheet
from gateway.offline import Checked, Explained

HEAD = ("file", "severity", "rule", "field", "count", "title", "fix", "source", "record", "line", "columns", "path")


def sheet(checked: Iterable[Checked]) -> str:
    """The report as spreadsheets read it."""
    page = Spreadsheet(HEAD)
    for one in checked:
        for found in one.findings:
            for row in _rows(one.file, found):
                page.add(row)
    return page.text()


def _rows(file: str, found: Explained) -> Iterator[list[str]]:
    group = found.group
    head = [file, group.severity, group.rule, group.field or "", str(group.count), found.title, found.fix, found.source]
    for one in group.samples or ():
        told = sample(one)
        yield [*head, *(str(told.get(name, "")) for name in HEAD[len(head) :])]
    if not group.samples:
        yield [*head, "", "", "", ""]
