"""The audit log put together: the store's rows, the pure Merkle log and the signing key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.audit.checkpoint import Head
from gateway.audit.faults import LogReport
from gateway.audit.frontier import Frontier, restore
from gateway.audit.growth import Growth
from gateway.audit.integrate import Integration, integrate
from gateway.audit.note import VerifyKey
from gateway.audit.paths import consistency_proof, consistency_spans
from gateway.audit.proof import tiles_for_proof, write_proof
from gateway.audit.tiles import TileId, edge, needed
from gateway.audit.tree import consistency_holds
from gateway.audit.verify import LogVerifier
from gateway.core.audit_entry import leaf
from gateway.core.errors import NotFound, Tampered
from gateway.core.model import AuditEntry, RecordId
from gateway.core.ports.keys import Signer
from gateway.core.ports.store import AuditLog, Checkpoint

ALL_CHECKPOINTS = 1_000_000
PROGRESS_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Logbook:
    audit: AuditLog
    signer: Signer
    public_keys: Callable[[], Sequence[bytes]]
    """Raw Ed25519 keys that checkpoints may be signed with, newest first."""

    @property
    def verify_keys(self) -> tuple[VerifyKey, ...]:
        return tuple(VerifyKey(self.signer.name, key) for key in self.public_keys())

    def grow(
        self, frontier: Frontier, entries: Sequence[AuditEntry], at: datetime, last: Checkpoint | None
    ) -> Integration:
        return integrate(frontier, entries, at, self.signer, last)

    async def restore(self, head: Checkpoint | None) -> Frontier:
        """The frontier of the stored log. Raises Tampered when tiles are missing."""
        size = head.size if head else 0
        return restore(size, await self.tiles(tile for tile, _ in edge(size)))

    async def tiles(self, wanted: Iterable[TileId]) -> Callable[[int, int], bytes]:
        """The stored tiles as a source for the pure log."""
        held: dict[tuple[int, int], bytes] = {}
        for tile in wanted:
            stored = await self.audit.tile(tile.level, tile.index)
            if stored is None:
                raise Tampered(f"the log lacks tile {tile.level}/{tile.index}", code="tile-missing")
            held[tile.level, tile.index] = stored
        return lambda level, index: held[level, index]

    async def proof(self, record: RecordId) -> str | None:
        """The proof file of everything the log says about a record; None while nothing of it is numbered."""
        found = await self.audit.about(f"record:{record}")
        head = await self.audit.head()  # after the entries: it covers every number that they have
        covered = [(number, entry) for number, entry in found if number is not None]
        if head is None or not covered:
            return None
        source = await self.tiles(sorted(tiles_for_proof([number for number, _ in covered], head.size)))
        return write_proof(covered, head, source)

    async def growth(self, kept: Head) -> Growth:
        """How the log grew from a checkpoint that was kept outside. Raises NotFound when the log is not so long, and
        Tampered when it does not hold that checkpoint."""
        head = await self.audit.head()
        if head is None or kept.size > head.size:
            raise NotFound("The log ends before this checkpoint.", code="log-shorter")
        return await self.grown(kept, head)

    async def grown(self, old: Head, new: Checkpoint) -> Growth:
        """The proof that ``new`` goes on from ``old``. Raises Tampered when it does not."""
        source = await self.tiles(sorted(needed(consistency_spans(old.size, new.size))))
        hashes = consistency_proof(old.size, new.size, source)
        if not consistency_holds(old.size, old.root, new.size, new.root, hashes):
            raise Tampered(f"the log does not hold the checkpoint of size {old.size}", code="inconsistent-log")
        return Growth(old.size, hashes, new.note)

    async def verify(self, anchors: Iterable[str] = (), progress: Callable[[int], None] | None = None) -> LogReport:
        """Derive the whole log anew from the rows and compare it with hashes, tiles and checkpoints."""
        checkpoints = await self.audit.checkpoints(ALL_CHECKPOINTS)
        verifier = LogVerifier(checkpoints, self.verify_keys, anchors)
        head = max((checkpoint.size for checkpoint in checkpoints), default=0)
        async for number, entry, stored in self.audit.entries(0, head):
            verifier.feed(number, leaf(entry), stored)
            await self._compare(verifier)
            if progress and number % PROGRESS_EVERY == 0:
                progress(number)
        for number, entry, stored in await self._beyond(head):
            verifier.feed(number, leaf(entry), stored)
        verifier.finish()
        await self._compare(verifier)
        return verifier.report()

    async def _beyond(self, head: int) -> list[tuple[int, AuditEntry, bytes]]:
        """A numbered entry that no checkpoint covers; none when the log only has grown meanwhile."""
        found = [row async for row in self.audit.entries(head, head + 1)]
        present = await self.audit.head()
        return found if (present.size if present else 0) == head else []

    async def _compare(self, verifier: LogVerifier) -> None:
        for tile in verifier.take_tiles():
            verifier.compare(tile, await self.audit.tile(tile.level, tile.index))
