"""The audit log put together: the store's rows, the pure Merkle log and the signing key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.audit.checkpoint import Head, open_checkpoint, parse_head
from gateway.audit.faults import LogReport
from gateway.audit.frontier import Frontier, restore
from gateway.audit.growth import Growth
from gateway.audit.integrate import Integration, integrate
from gateway.audit.note import VerifyKey, note_parts
from gateway.audit.paths import consistency_proof, consistency_spans
from gateway.audit.proof import tiles_for_proof, write_proof
from gateway.audit.tiles import WIDTH, TileId, edge, needed
from gateway.audit.tree import consistency_holds
from gateway.audit.verify import LogVerifier
from gateway.core.amendment import AMENDED
from gateway.core.audit_entry import leaf
from gateway.core.errors import NotFound, Tampered
from gateway.core.model import AuditEntry, RecordId
from gateway.core.ports.audit_log import AuditLog, Checkpoint
from gateway.core.ports.keys import Signer
from gateway.heads import Heads

CHECKPOINTS_AT_ONCE = 1_000
LEAST_SIZE = -(2**63)
"""Of a checkpoint that somebody may have put into the store."""
PROGRESS_EVERY = 1_000
PRUNED, PRUNED_OBJECT = "audit.pruned", "log"
"""Action and object of the entries that say which entries were pruned."""


class HeadMemory(Protocol):
    """One signed note outside the database; blocking."""

    def read(self) -> str | None: ...

    def write(self, note: str) -> None:
        """Durable when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Logbook:
    audit: AuditLog
    signer: Signer
    public_keys: Callable[[], Sequence[bytes]]
    """Raw Ed25519 keys that checkpoints may be signed with, newest first."""
    memory: HeadMemory | None = None
    """Where the last signed head is kept outside the database; None: nowhere (for those who do not sign)."""
    heads: Heads | None = None
    """Which checkpoint proofs are made against; None: the newest."""

    @property
    def verify_keys(self) -> tuple[VerifyKey, ...]:
        return tuple(VerifyKey(self.signer.name, key) for key in self.public_keys())

    def grow(
        self, frontier: Frontier, entries: Sequence[AuditEntry], at: datetime, last: Checkpoint | None
    ) -> Integration:
        return integrate(frontier, entries, at, self.signer, last)

    async def restore(self, head: Checkpoint | None) -> Frontier:
        """The frontier of the stored log. Raises Tampered when tiles are missing or do not lead to its head, when that
        is not signed by us, and when the log does not go on from the head that was remembered outside."""
        size = head.size if head else 0
        frontier = restore(size, await self.tiles(tile for tile, _ in edge(size)))
        if head is not None and frontier.root() != head.root:
            raise Tampered(f"the tiles do not give the root signed for size {size}", code="inconsistent-log")
        if head is not None and self._is_ours(head.note):
            signed = open_checkpoint(head.note, self.verify_keys)
            if (signed.size, signed.root) != (head.size, head.root):
                raise Tampered("the newest checkpoint does not say what is stored beside it", code="inconsistent-log")
        await self._compare_memory()
        return frontier

    async def tiles(self, wanted: Iterable[TileId]) -> Callable[[int, int], bytes]:
        """The stored tiles as a source for the pure log."""
        held: dict[tuple[int, int], bytes] = {}
        for tile in wanted:
            stored = await self.audit.tile(tile.level, tile.index)
            if stored is None:
                raise Tampered(f"the log lacks tile {tile.level}/{tile.index}", code="tile-missing")
            held[tile.level, tile.index] = stored
        return lambda level, index: held[level, index]

    async def proof(self, record: RecordId, opened: Callable[[AuditEntry], bool] = lambda _entry: True) -> str | None:
        """The proof file of everything the log says about a record; None while nothing of it is numbered. Without its
        amendments: each is about one delivery, and evidence tells of it to whom it concerns. ``opened``: of which
        entries the reader is told the details."""
        found = await self.audit.about(f"record:{record}")
        covered = [(number, entry) for number, entry in found if number is not None and entry.action != AMENDED]
        head = await self.covering([number for number, _ in covered])
        if head is None:
            return None
        source = await self.tiles(sorted(tiles_for_proof([number for number, _ in covered], head.size)))
        return write_proof(covered, head, source, opened)

    async def growth(self, kept: Head) -> Growth:
        """How the log grew from a checkpoint that was kept outside. Raises NotFound when the log is not so long, and
        Tampered when it does not hold that checkpoint."""
        head = await self.audit.head()
        if head is None or kept.size > head.size:
            raise NotFound("The log ends before this checkpoint.", code="log-shorter")
        grown = await self.grown(kept.size, head)
        if not consistency_holds(kept.size, kept.root, head.size, head.root, grown.hashes):
            raise Tampered(f"the log does not hold the checkpoint of size {kept.size}", code="inconsistent-log")
        return grown

    async def grown(self, size: int, head: Checkpoint) -> Growth:
        """The proof of the stored tiles that the log of ``head`` goes on from its own first ``size`` entries."""
        source = await self.tiles(sorted(needed(consistency_spans(size, head.size))))
        return Growth(size, consistency_proof(size, head.size, source), head.note)

    async def examine(self) -> None:
        """The self-check before anything is signed, as :meth:`restore` makes it. Raises Tampered."""
        await self.restore(await self.audit.head())

    async def remember(self, checkpoint: Checkpoint) -> None:
        """Keep the head outside the database, durably. Raises Unavailable."""
        if self.memory is not None:
            await asyncio.to_thread(self.memory.write, checkpoint.note)

    async def _remembered(self) -> str | None:
        """The head of this log that is kept outside the database. The memory is read before the store: another process
        commits first and remembers afterwards."""
        note = None if self.memory is None else await asyncio.to_thread(self.memory.read)
        return note if note is not None and self._is_ours(note) else None

    async def _compare_memory(self) -> None:
        note = await self._remembered()
        if note is None:
            return
        kept = open_checkpoint(note, self.verify_keys)
        try:
            await self.growth(kept)
        except NotFound:
            raise Tampered(
                f"the log ends before the {kept.size} entries that were signed", code="log-set-back"
            ) from None

    def _is_ours(self, note: str) -> bool:
        """Whether a note is of the log of this name. A log that got another name is another one to all its readers."""
        return parse_head(note_parts(note)[0]).origin == self.signer.name

    async def covering(self, numbers: Sequence[int]) -> Checkpoint | None:
        """The checkpoint to prove these entries against; None without entries. Ask for it after the entries: it covers
        every number that they have."""
        return await self.newest(max(numbers) + 1) if numbers else None

    async def newest(self, least: int = 0) -> Checkpoint | None:
        """The newest checkpoint that may go out, of at least ``least`` entries; None while there is none."""
        return await self.heads.chosen(least) if self.heads else await self.audit.head()

    async def verify(
        self,
        anchors: Iterable[str] = (),
        progress: Callable[[int], None] | None = None,
        keys: Sequence[VerifyKey] | None = None,
    ) -> LogReport:
        """Derive the whole log anew from the rows and compare it with hashes, tiles and checkpoints, those kept outside
        and the head that is remembered here among them. ``keys``: those that signed them; None: the present ones, under
        the present name."""
        kept = await self._remembered() if keys is None else None
        anchors = [*anchors, *([] if kept is None else [kept])]
        verifier = LogVerifier((), self.verify_keys if keys is None else keys, anchors)
        newest = await self.audit.head()
        head = newest.size if newest else 0
        checkpoints = _Checkpoints(self.audit, verifier, head)
        first = await self._pruned(verifier, checkpoints)
        async for number, entry, stored in self.audit.entries(first, head):
            await checkpoints.reach(number + 1)
            verifier.feed(number, leaf(entry), stored)
            await self._compare(verifier)
            if progress and number % PROGRESS_EVERY == 0:
                progress(number)
        await checkpoints.reach(head)
        verifier.stray(await self.audit.strayed())
        for number, entry, stored in await self._beyond(head):
            verifier.feed(number, leaf(entry), stored)
        verifier.finish()
        await self._compare(verifier)
        return verifier.report()

    async def _pruned(self, verifier: LogVerifier, checkpoints: _Checkpoints) -> int:
        """Feed the hashes of entries that were pruned, and what the log says about that; the first number that is
        there. A log that only lost its beginning says nothing about it."""
        first = await self.audit.first()
        for index in range(first // WIDTH):
            await checkpoints.reach((index + 1) * WIDTH)
            verifier.feed_pruned(await self.audit.tile(0, index) or b"")
            await self._compare(verifier)
        for _number, entry in await self.audit.about(PRUNED_OBJECT) if first else ():
            if entry.action == PRUNED:
                verifier.allow(_upto(entry))
        return first

    async def _beyond(self, head: int) -> list[tuple[int, AuditEntry, bytes]]:
        """A numbered entry that no checkpoint covers; none when the log only has grown meanwhile."""
        found = [row async for row in self.audit.entries(head, head + 1)]
        present = await self.audit.head()
        return found if (present.size if present else 0) == head else []

    async def _compare(self, verifier: LogVerifier) -> None:
        for tile in verifier.take_tiles():
            verifier.compare(tile, await self.audit.tile(tile.level, tile.index))


@dataclass(slots=True)
class _Checkpoints:
    """The stored checkpoints up to that of ``head``, told to the verifier piece by piece, before it comes to them: a
    long log has millions."""

    audit: AuditLog
    verifier: LogVerifier
    head: int
    _told: int = LEAST_SIZE

    async def reach(self, size: int) -> None:
        """All checkpoints of up to so many entries are told of."""
        while self._told < min(size, self.head):
            found = await self.audit.checkpoints_after(self._told, CHECKPOINTS_AT_ONCE)
            self.verifier.expect(one for one in found if one.size <= self.head)
            self._told = found[-1].size if found else self.head


def _upto(pruned: AuditEntry) -> int:
    """Up to which entry the log was pruned; 0 where the details do not say it any more, which allows nothing."""
    try:
        return int(pruned.details["upto"])
    except (KeyError, TypeError, ValueError):
        return 0
