"""Which layouts make up a record of a fixed-width format, read from its own counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.catalog import Catalog, Layout, LayoutField, Picture
from gateway.core.file_order import FileOrder, FileRecord, RecordRole, like
from gateway.core.model import FormatName


@dataclass(frozen=True, slots=True)
class Block:
    """One layout of a record, ``offset`` bytes into it; ``number`` counts the blocks of a layout that repeats."""

    layout: Layout
    offset: int
    number: int
    own_record: bool = False
    """Whether it is a record of its own, with positions that count from its own first byte."""

    @property
    def title(self) -> str:
        return f"{self.layout.name} {self.number}" if self.layout.repeats else self.layout.name

    def place(self, field: LayoutField) -> int:
        """Where a field stands in its record, 1-based."""
        return field.start if self.own_record else self.offset + field.start

    def cut(self, text: str, field: LayoutField) -> str:
        start = self.offset + field.start - 1
        return text[start : start + field.length]


def blocks_of(catalog: Catalog, name: FormatName, text: str) -> Iterator[Block]:
    """The blocks of a record in order (one character a byte); none for a format that is not of fixed width."""
    if name in catalog.files:
        yield from _marked(catalog, catalog.files[name], text)
        return
    layouts = [catalog.layouts[one] for one in catalog.sequences.get(name, ())]
    if not layouts:
        return
    first = Block(layouts[0], 0, 1)
    behind = [layout for layout in layouts[1:] if layout.block is None]
    if behind:
        yield from _behind(first, behind, text)
        return
    yield first
    offset = first.layout.length
    counts = [field for field in first.layout.fields if field.picture is Picture.COUNT]
    for count, layout in zip(counts, layouts[1:], strict=False):
        digits = first.cut(text, count)
        times = int(digits) if digits.isascii() and digits.isdecimal() else 0
        for number in range(1, times + 1):
            yield Block(layout, offset, number)
            offset += layout.length


def _behind(first: Block, behind: Sequence[Layout], text: str) -> Iterator[Block]:
    """A record with the records around it behind it, or alone; none where it is of another length, and so no record."""
    offset = first.layout.length
    if len(text) not in (offset, offset + sum(layout.length for layout in behind)):
        return
    yield first
    for layout in behind if len(text) > offset else ():
        yield Block(layout, offset, 1, own_record=True)
        offset += layout.length


def _marked(catalog: Catalog, order: FileOrder, text: str) -> Iterator[Block]:
    """The detail that its marks name, after the group record that it stands in."""
    offset = 0
    for role in (RecordRole.GROUP, RecordRole.DETAIL):
        found = next((r for r in order.records if r.role is role and fits(r, text[offset:])), None)
        if found is not None:
            yield Block(catalog.layouts[found.layout], offset, 1, own_record=True)
            offset += catalog.layouts[found.layout].length


def fits(record: FileRecord, text: str) -> bool:
    """Whether a text has the marks of a record."""
    return all(like(mark.text, text[mark.start - 1 : mark.start - 1 + len(mark.text)]) for mark in record.marks)
