"""The published log: its newest checkpoint, its tiles and its entries, as files that never change but the first."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.audit.published import TilePlace, bundle, place_of
from gateway.audit.tree import HASH_BYTES
from gateway.core.audit_entry import leaf
from gateway.core.ports.audit_log import AuditLog
from gateway.heads import Heads


@dataclass(frozen=True, slots=True)
class Publisher:
    """Reads the files of C2SP tlog-tiles out of the store. All that it gives is covered by a signed checkpoint: the
    store adds tiles and checkpoint in one transaction."""

    audit: AuditLog
    heads: Heads
    public: bool = True
    """False: there is nothing to be seen."""

    async def checkpoint(self) -> str | None:
        """The newest checkpoint that may go out; None while there is none."""
        head = await self.heads.chosen() if self.public else None
        return head.note if head else None

    async def file(self, path: str) -> bytes | None:
        """The bytes of ``tile/...``; None when the log has not got so far, or the path is not one of the format."""
        place = place_of(path)
        if place is None or not self.public:
            return None
        return await (self._entries(place) if place.entries else self._tile(place))

    async def _tile(self, place: TilePlace) -> bytes | None:
        """The store keeps the newest width of a tile; a partial one is its beginning."""
        stored = await self.audit.tile(place.tile.level, place.tile.index)
        wanted = place.width * HASH_BYTES
        return None if stored is None or len(stored) < wanted else stored[:wanted]

    async def _entries(self, place: TilePlace) -> bytes | None:
        last = place.first + place.width
        leaves = [leaf(entry) async for _number, entry, _digest in self.audit.entries(place.first, last)]
        return bundle(leaves) if len(leaves) == place.width else None
