"""How long a CSENet transaction is: the header's counts times the lengths of the blocks (IGD v8.0, Appendix C)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.core.catalog import Layout, LayoutField, Picture
from transforms.layout import HIGHEST_REPEAT

COUNTS_END = 96
"""The counts are the bytes up to here; both header forms agree so far."""


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


class Shape:
    """The blocks behind one form of the header, in their fixed order."""

    def __init__(self, header: Layout, blocks: Sequence[Layout]) -> None:
        by_block = {layout.block: layout for layout in blocks}
        self.header = header
        self.counts = tuple(
            BlockCount(field, by_block[field.constant]) for field in header.fields if field.picture is Picture.COUNT
        )

    def length(self, head: bytes) -> int:
        """The length that the counts of a header ask for; a count that is not a digit counts as 0."""
        return self.header.length + sum((count.of(head) or 0) * count.layout.length for count in self.counts)

    def bad_counts(self, head: bytes) -> Iterator[BlockCount]:
        """Counts that are no digit or more than their block allows."""
        for count in self.counts:
            number = count.of(head)
            if number is None or number > count.highest:
                yield count
