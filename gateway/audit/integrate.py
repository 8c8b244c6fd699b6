"""One step of the log: number entries, hash them, change the tiles, sign the next checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.audit.checkpoint import Head, guard_signing
from gateway.audit.frontier import Frontier
from gateway.audit.note import sign_note
from gateway.audit.paths import consistency_proof
from gateway.audit.tiles import TileSource, edge
from gateway.audit.tree import EMPTY_ROOT, leaf_hash
from gateway.core.audit_entry import leaf
from gateway.core.errors import Tampered
from gateway.core.model import AuditEntry, EntryId
from gateway.core.ports.audit_log import Checkpoint, Tile
from gateway.core.ports.keys import Signer

Step = Callable[[Frontier, Sequence[AuditEntry], datetime, "Checkpoint | None"], "Integration"]
"""What a caller holds when it is given :func:`integrate` with the signer already bound."""


@dataclass(frozen=True, slots=True)
class Integration:
    """What ``AuditLog.integrate`` stores, and the frontier to go on from once it is stored."""

    first: int
    """The number of the first entry; the size before."""
    ids: tuple[EntryId, ...]
    leaves: tuple[bytes, ...] = field(repr=False)
    """Leaf hashes, in the order of ``ids``."""
    tiles: tuple[Tile, ...]
    checkpoint: Checkpoint
    frontier: Frontier


def integrate(
    frontier: Frontier, entries: Sequence[AuditEntry], at: datetime, sign: Signer, last: Checkpoint | None
) -> Integration:
    """Append ``entries`` (at least one) to the log whose newest checkpoint is ``last`` (None: the log is empty).

    The signer's name is the log's origin. Raises Tampered, and signs nothing, when the frontier is not that of ``last``
    or the grown log is not consistent with it.
    """
    if not entries:
        raise ValueError("a checkpoint without new entries")
    signed = _signed(frontier, sign.name, last)
    leaves = tuple(leaf_hash(leaf(entry)) for entry in entries)
    grown, tiles = frontier.extend(leaves)
    head = Head(sign.name, grown.size, grown.root())
    guard_signing(signed, head, consistency_proof(signed.size, head.size, _overlay(frontier, tiles)))
    checkpoint = Checkpoint(head.size, head.root, sign_note(head.text(), sign), at)
    return Integration(frontier.size, tuple(entry.id for entry in entries), leaves, tiles, checkpoint, grown)


def _signed(frontier: Frontier, origin: str, last: Checkpoint | None) -> Head:
    """The head that was signed last; the frontier must stand exactly there."""
    signed = Head(origin, last.size, last.root) if last else Head(origin, 0, EMPTY_ROOT)
    if (signed.size, signed.root) != (frontier.size, frontier.root()):
        raise Tampered(
            f"the tiles end at size {frontier.size} and do not give the root signed for size {signed.size}",
            code="inconsistent-log",
        )
    return signed


def _overlay(frontier: Frontier, tiles: Sequence[Tile]) -> TileSource:
    """The old edge with the changed tiles over it: every node of the consistency proof lies in one of them."""
    held = {(tile.level, tile.index): frontier.edges[tile.level] for tile, _width in edge(frontier.size)}
    held |= {(tile.level, tile.index): tile.hashes for tile in tiles}
    return lambda level, index: held[level, index]
