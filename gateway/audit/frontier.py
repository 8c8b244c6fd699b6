"""The right edge of the tree: all that is needed to append entries and to know the root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.audit.tiles import TILE_BYTES, WIDTH, TileId, TileSource, edge
from gateway.audit.tree import HASH_BYTES, bag, fold
from gateway.core.errors import Tampered
from gateway.core.ports.audit_log import Tile


@dataclass(frozen=True, slots=True)
class Frontier:
    """The partial tiles of a tree: ``edges[level]`` is the concatenation of fewer than 256 hashes.

    A value: appending makes another one, so a commit that fails leaves the old one valid.
    """

    size: int = 0
    edges: tuple[bytes, ...] = field(default=(), repr=False)

    def root(self) -> bytes:
        """The root hash of the tree, 32 bytes."""
        return bag([peak for hashes in reversed(self.edges) for peak in _peaks(hashes)])

    def extend(self, leaves: Sequence[bytes]) -> tuple[Frontier, tuple[Tile, ...]]:
        """The frontier after appending leaf hashes, and every tile that has changed (full or partial)."""
        edges: list[bytes] = []
        tiles: list[Tile] = []
        fresh, level = b"".join(leaves), 0
        while fresh or level < len(self.edges):
            held = self.edges[level] if level < len(self.edges) else b""
            first = (self.size >> (8 * level)) // WIDTH
            changed = _cut(held + fresh) if fresh else []
            tiles += [Tile(level, first + place, hashes) for place, hashes in enumerate(changed)]
            full = [hashes for hashes in changed if len(hashes) == TILE_BYTES]
            partial = changed[-1] if len(changed) > len(full) else b""
            edges.append(partial if fresh else held)
            fresh, level = b"".join([fold(hashes) for hashes in full]), level + 1
        return Frontier(self.size + len(leaves), tuple(edges)), tuple(tiles)


def restore(size: int, source: TileSource) -> Frontier:
    """The frontier of a tree whose tiles are stored; ``tiles.edge(size)`` says which ones are read.

    Raises Tampered when a tile is missing or too short. The caller compares the root with the last checkpoint.
    """
    held: dict[int, bytes] = {}
    for tile, width in edge(size):
        held[tile.level] = _exact(tile, width, source)
    levels = max(held, default=-1) + 1
    return Frontier(size, tuple(held.get(level, b"") for level in range(levels)))


def _exact(tile: TileId, width: int, source: TileSource) -> bytes:
    try:
        hashes = source(tile.level, tile.index)
    except KeyError:
        raise Tampered(f"tile {tile.path(width)} is missing", code="tile-missing") from None
    if len(hashes) < width * HASH_BYTES:
        raise Tampered(f"tile {tile.path(width)} is too short", code="tile-missing")
    return hashes[: width * HASH_BYTES]


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + TILE_BYTES] for start in range(0, len(hashes), TILE_BYTES)]


def _peaks(hashes: bytes) -> list[bytes]:
    """Roots of the complete subtrees in a partial tile, largest first."""
    peaks, start = [], 0
    while start < len(hashes):
        length = HASH_BYTES << (((len(hashes) - start) // HASH_BYTES).bit_length() - 1)
        peaks.append(fold(hashes[start : start + length]))
        start += length
    return peaks
