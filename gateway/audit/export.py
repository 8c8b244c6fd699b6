"""Which files an export of some entries holds, so that the root can be derived from it (docs/audit-log.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.audit.published import TilePlace
from gateway.audit.tiles import HEIGHT, WIDTH, Span, TileId, needed

TYPE = "gateway-audit-export/1"


@dataclass(frozen=True, slots=True)
class Extent:
    """The entries from ``first`` to ``last`` (not included) of a log of ``size`` entries, whole bundles of them."""

    first: int
    last: int
    size: int

    @classmethod
    def around(cls, first: int, last: int, size: int) -> Extent:
        """The whole bundles in which these entries lie. Raises ValueError when they are not in the log."""
        if not 0 <= first < last <= size:
            raise ValueError("there are no such entries")
        return cls(first // WIDTH * WIDTH, min(-(-last // WIDTH) * WIDTH, size), size)

    def about(self, origin: str) -> bytes:
        """``export.json``."""
        document = {"type": TYPE, "origin": origin, "from": self.first, "to": self.last, "size": self.size}
        return json.dumps(document, indent=1).encode() + b"\n"

    def bundles(self) -> Iterator[TilePlace]:
        """The bundles of the entries, in order."""
        for index in range(self.first // WIDTH, -(-self.last // WIDTH)):
            yield TilePlace(TileId(0, index), self._width(TileId(0, index)), entries=True)

    def tiles(self) -> Iterator[TilePlace]:
        """The tiles over the entries at every level, and those that hold the hashes of all other entries."""
        wanted = set(needed([*_subtrees(0, self.first), *_subtrees(self.last, self.size)]))
        level = 0
        while self.size >> (level * HEIGHT):
            start, stop = self.first >> (level * HEIGHT), (self.last - 1) >> (level * HEIGHT)
            wanted |= {TileId(level, index) for index in range(start // WIDTH, stop // WIDTH + 1)}
            level += 1
        for tile in sorted(wanted):
            width = self._width(tile)
            if width > 0:
                yield TilePlace(tile, width)

    def _width(self, tile: TileId) -> int:
        return min(WIDTH, (self.size >> (tile.level * HEIGHT)) - tile.index * WIDTH)


def _subtrees(start: int, stop: int) -> Iterator[Span]:
    """The fewest complete subtrees over these entries, from the left."""
    while start < stop:
        largest = 1 << ((stop - start).bit_length() - 1)
        count = min(largest, start & -start) if start else largest
        yield Span(start, start + count)
        start += count
