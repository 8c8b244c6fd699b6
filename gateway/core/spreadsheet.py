"""CSV for a spreadsheet (RFC 4180): the one place where some is written. No cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULA = frozenset("=+-@|%\t\r\n\0＝＋－＠｜％")  # noqa: RUF001 - full-width signs, which spreadsheets read as the others
"""What a cell may not begin with (ASVS 5.0, 1.2.10, and what spreadsheets read like it)."""
_TEXT = "'"
"""Before a cell: it is text."""


def plain(cell: str) -> str:
    """The cell as text: what begins like a formula, blanks before it or not, gets an apostrophe."""
    begun = cell.lstrip(" \u00a0\ufeff\u200b")
    return _TEXT + cell if begun[:1] in FORMULA and begun else cell


class Spreadsheet:
    """Rows under a head, every cell quoted."""

    def __init__(self, head: Iterable[str]) -> None:
        self._page = io.StringIO()
        self._writer = csv.writer(self._page, quoting=csv.QUOTE_ALL)
        self.add(head)

    def add(self, cells: Iterable[str]) -> None:
        self._writer.writerow(plain(cell) for cell in cells)

    def text(self) -> str:
        return self._page.getvalue()
