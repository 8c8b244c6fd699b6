"""The log as static files (C2SP tlog-tiles): what a path under its prefix names, and the bytes of an entry bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit.tiles import WIDTH, TileId
from gateway.core.errors import Tampered

HIGHEST_LEVEL = 63
MOST_TILES = 2**54
"""Tiles of one level: the numbers of their entries, and the one after, have 63 bits at most."""
LONGEST_LEAF = 2**16 - 1
"""Bytes: a bundle tells each length in 16 bits."""
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class TilePlace:
    """A hash tile, or the bundle of entries below a tile of level 0."""

    tile: TileId
    width: int
    """Hashes or entries: 256, or fewer in a partial one."""
    entries: bool = False

    @property
    def first(self) -> int:
        """The number of the first entry of a bundle."""
        return self.tile.index * WIDTH

    def path(self) -> str:
        plain = self.tile.path(self.width)
        return plain.replace("tile/0/", "tile/entries/", 1) if self.entries else plain


def place_of(path: str) -> TilePlace | None:
    """What ``tile/...`` names; None for every spelling but the one of the specification."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    entries = match["level"] == "entries"
    level, index = 0 if entries else int(match["level"]), int(match["index"].replace("x", "").replace("/", ""))
    place = TilePlace(TileId(level, index), int(match["width"] or WIDTH), entries)
    known = level <= HIGHEST_LEVEL and index < MOST_TILES and place.path() == path
    return place if known else None


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves one after the other, each behind its length in 16 bits, big-endian. Raises Tampered for one too long."""
    if any(len(leaf) > LONGEST_LEAF for leaf in leaves):
        raise Tampered("an entry is too long for a bundle", code="leaf-too-long")
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
