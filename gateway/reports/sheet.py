"""CSV for a spreadsheet: one row a place of a finding. No cell can be taken for a formula, whatever a file's name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from gateway.core.receipt import sample
from gateway.offline import Checked, Explained

HEAD = ("file", "severity", "rule", "field", "count", "title", "fix", "source", "record", "line", "columns", "path")
FORMULA = frozenset("=+-@|%\t\r\n\0＝＋－＠｜％")  # noqa: RUF001 - full-width signs, which spreadsheets read as the others
"""What a cell may not begin with (ASVS 5.0, 1.2.10, and what spreadsheets read like it)."""
_TEXT = "'"
"""Before a cell: it is text."""


def sheet(checked: Iterable[Checked]) -> str:
    """The report as spreadsheets read it (RFC 4180), every cell quoted."""
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    writer.writerow(HEAD)
    for one in checked:
        for found in one.findings:
            writer.writerows([plain(cell) for cell in row] for row in _rows(one.file, found))
    return page.getvalue()


def plain(cell: str) -> str:
    """The cell as text: what begins like a formula, blanks before it or not, gets an apostrophe."""
    begun = cell.lstrip(" \u00a0\ufeff\u200b")
    return _TEXT + cell if begun[:1] in FORMULA and begun else cell


def _rows(file: str, found: Explained) -> Iterator[list[str]]:
    group = found.group
    head = [file, group.severity, group.rule, group.field or "", str(group.count), found.title, found.fix, found.source]
    for one in group.samples or ():
        told = sample(one)
        yield [*head, *(str(told.get(name, "")) for name in HEAD[len(head) :])]
    if not group.samples:
        yield [*head, "", "", "", ""]
