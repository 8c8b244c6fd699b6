"""How long a CSENet transaction is: the header's counts times the lengths of the blocks (IGD v8.0, Appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.catalog import Layout, LayoutField, Picture
from transforms.layout import HIGHEST_REPEAT

COUNTS_END = 96
"""The counts are the bytes up to here; both header forms agree so far."""
COMBINATIONS = 1_000
"""Combinations of counts that are kept ready; forgotten all at once when there are more."""


@dataclass(frozen=True, slots=True)
class BlockCount:
    """One count of the header and the block that it counts."""

    field: LayoutField
    layout: Layout

    @property
    def highest(self) -> int:
        return HIGHEST_REPEAT if self.layout.repeats else 1

    def of(self, head: bytes) -> int | None:
        """The count in a header; None when it is not a digit."""
        digit = head[self.field.start - 1 : self.field.start]
        return int(digit) if digit.isdigit() else None


@dataclass(frozen=True, slots=True)
class Blocks:
    """What the counts of one header ask for."""

    length: int
    """Of the transaction; a count that is not a digit counts as 0."""
    bad: tuple[BlockCount, ...]
    """Counts that are no digit or more than their block allows."""
    sequence: tuple[tuple[Layout, int], ...]
    """The blocks in order, each with its 1-based number among those of its layout."""


class Shape:
    """The blocks behind one form of the header, in their fixed order."""

    def __init__(self, header: Layout, blocks: Sequence[Layout]) -> None:
        by_block = {layout.block: layout for layout in blocks}
        self.header = header
        self.counts = tuple(
            BlockCount(field, by_block[field.constant]) for field in header.fields if field.picture is Picture.COUNT
        )
        starts = [count.field.start for count in self.counts]
        self._counts = slice(min(starts) - 1, max(starts))
        self._known: dict[bytes, Blocks] = {}

    def blocks(self, head: bytes) -> Blocks:
        """The blocks behind a header. Files have few combinations of counts: they are kept ready."""
        counts = head[self._counts]
        known = self._known.get(counts)
        if known is None:
            known = self._counted(head)
            if len(self._known) >= COMBINATIONS:
                self._known.clear()
            self._known[counts] = known
        return known

    def _counted(self, head: bytes) -> Blocks:
        numbers = [(count, count.of(head)) for count in self.counts]
        return Blocks(
            self.header.length + sum((number or 0) * count.layout.length for count, number in numbers),
            tuple(count for count, number in numbers if number is None or number > count.highest),
            tuple((count.layout, n) for count, number in numbers for n in range(1, (number or 0) + 1)),
        )
