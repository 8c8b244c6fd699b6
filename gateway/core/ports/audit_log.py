"""The port of the store about the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, EntryId


@dataclass(frozen=True, slots=True)
class Checkpoint:
    size: int
    root: bytes
    note: str
    """The signed note (C2SP tlog-checkpoint)."""
    at: datetime


class AuditLog(Protocol):
    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """For refusals and other entries that change nothing else."""
        ...

    async def unsequenced(self, limit: int) -> tuple[AuditEntry, ...]:
        """Entries without a number, oldest id first."""
        ...

    async def integrate(
        self,
        first: int,
        entries: Sequence[EntryId],
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        checkpoint: Checkpoint,
    ) -> None:
        """Number ``entries`` from ``first`` on, store their leaf hashes and the changed tiles, add the checkpoint.
        Raises Conflict when ``first`` is not the present size."""
        ...

    async def first(self) -> int:
        """The number of the oldest entry that is still here; those before it were pruned."""
        ...

    async def head(self) -> Checkpoint | None: ...

    async def cosign(self, size: int, before: str, after: str) -> bool:
        """Give the checkpoint of this size the note ``after``, which says the same with more signatures. False when its
        note is not ``before`` (any more)."""
        ...

    async def checkpoints(self, limit: int) -> tuple[Checkpoint, ...]:
        """Newest first."""
        ...

    async def checkpoints_after(self, size: int, limit: int) -> tuple[Checkpoint, ...]:
        """Of more entries than ``size``, smallest first."""
        ...

    async def strayed(self) -> int:
        """How many checkpoints have a size that no log has: none of the other methods tells of them."""
        ...

    async def tile(self, level: int, index: int) -> bytes | None:
        """Concatenated 32-byte hashes of a tile, full (256) or partial; None when there is none."""
        ...

    def entries(self, first: int, last: int) -> AsyncIterator[tuple[int, AuditEntry, bytes]]:
        """(number, entry, stored leaf hash) from ``first`` to ``last`` exclusive, in order."""
        ...

    async def about(self, obj: str) -> tuple[tuple[int | None, AuditEntry], ...]:
        """Entries on one object, oldest first, with their numbers (None: not numbered yet)."""
        ...


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the C2SP tlog-tiles layout: ``hashes`` is the concatenation of up to 256 hashes of 32 bytes."""

    level: int
    index: int
    hashes: bytes = field(repr=False)
