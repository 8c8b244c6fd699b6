"""Where hashes lie in tiles (C2SP tlog-tiles) and how subtree hashes come out of them.

Tile ``index`` of ``level`` holds the roots of complete subtrees of ``256**level`` entries, 256 of them when it is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gateway.audit.tree import HASH_BYTES, bag, fold
from gateway.core.errors import Tampered

WIDTH = 256
"""Hashes in a full tile."""
HEIGHT = 8
"""Levels of the tree in a tile: 2**8 = 256."""
TILE_BYTES = WIDTH * HASH_BYTES

TileSource = Callable[[int, int], bytes]
"""(level, index) -> the concatenated hashes of the tile; one that has grown since is as good."""


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    level: int
    index: int

    def path(self, width: int = WIDTH) -> str:
        """Its path under the prefix of a published log, by C2SP tlog-tiles: ``tile/0/x001/234`` or, for a partial
        one, ``tile/0/x001/234.p/112``."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = f".p/{width}" if width < WIDTH else ""
        return f"tile/{self.level}/{'/'.join(groups)}{partial}"


@dataclass(frozen=True, slots=True)
class Span:
    """Entries from ``start`` to ``stop`` exclusive, below one node of the tree."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Slice:
    """Consecutive hashes of one tile whose fold is the root of a complete subtree."""

    tile: TileId
    first: int
    count: int


def edge(size: int) -> Iterator[tuple[TileId, int]]:
    """The partial tiles of the tree with ``size`` entries and their widths in hashes, lowest level first."""
    level = 0
    while size:
        if size % WIDTH:
            yield TileId(level, size // WIDTH), size % WIDTH
        size //= WIDTH
        level += 1


def needed(spans: Iterable[Span]) -> frozenset[TileId]:
    """The tiles that hold the hashes of ``spans``: fetch these first, then ask :func:`span_hash`."""
    return frozenset(piece.tile for span in spans for piece in _slices(span))


def span_hash(span: Span, source: TileSource) -> bytes:
    """The hash of the node over ``span``. Raises Tampered when a tile is missing or too short."""
    return bag([fold(_read(piece, source)) for piece in _slices(span)])


def _slices(span: Span) -> Iterator[_Slice]:
    """The complete subtrees of a span, largest first. A span starts at a multiple of its largest subtree."""
    start = span.start
    while start < span.stop:
        height = (span.stop - start).bit_length() - 1
        level, inside = divmod(height, HEIGHT)
        index, first = divmod(start >> (level * HEIGHT), WIDTH)
        yield _Slice(TileId(level, index), first, 1 << inside)
        start += 1 << height


def _read(piece: _Slice, source: TileSource) -> bytes:
    try:
        hashes = source(piece.tile.level, piece.tile.index)
    except KeyError:
        raise Tampered(f"tile {piece.tile.path()} is missing", code="tile-missing") from None
    stop = (piece.first + piece.count) * HASH_BYTES
    if len(hashes) < stop:
        raise Tampered(f"tile {piece.tile.path()} is too short", code="tile-missing")
    return hashes[piece.first * HASH_BYTES : stop]
