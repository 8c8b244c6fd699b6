"""Ports of the re-wrap job: what is sealed, wherever it lies, and how far the job has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry

HEAD_BYTES = 108
"""Of a sealed value: magic, the longest key id with its length, wrapped data key (docs/seal.md)."""

Row = tuple[str | int, ...]
"""Where a sealed value lies: the primary key of its row."""


@dataclass(frozen=True, slots=True)
class SealedHead:
    """The beginning of one sealed value; its body stays where it is."""

    row: Row
    head: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """One head that takes the place of another."""

    row: Row
    old: bytes = field(repr=False)
    new: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rewrap:
    """One pass over everything that is sealed. ``goal`` names the keys that were active when it began."""

    id: str
    goal: str
    started_at: datetime
    total: int
    """Values under other keys when it began."""
    place: int = 0
    """Which of the sealed columns it stands in."""
    after: Row | None = None
    """The last row that it has looked at there."""
    seen: int = 0
    moved: int = 0
    broken: int = 0
    """Values that do not open; they stay as they are and are logged."""
    left: int = 0
    """Values under other keys when it ended."""
    ended_at: datetime | None = None


class SealedValues(Protocol):
    """Every sealed column of every table."""

    @property
    def places(self) -> Sequence[str]:
        """Their names, ``table.column``, in the order of the job."""
        ...

    async def wrapped(self) -> Mapping[str, int]:
        """Key id -> number of values whose data key is wrapped by it, in all tables. Reads every row's head."""
        ...

    async def heads(self, place: int, after: Row | None, limit: int) -> tuple[SealedHead, ...]:
        """The next ones in the order of their rows."""
        ...

    async def latest(self) -> Rewrap | None:
        """The pass that began last."""
        ...

    async def begin(self, job: Rewrap) -> None: ...

    async def advance(self, before: Rewrap, after: Rewrap, moved: Sequence[Moved]) -> bool:
        """The heads and the job's progress in one transaction; a head that is not the old one any more stays. False,
        and nothing is changed, when somebody else has advanced the job."""
        ...

    async def end(self, job: Rewrap, entry: AuditEntry) -> bool:
        """False when it has ended already."""
        ...


class Rewrapping(Protocol):
    """Wraps data keys anew; the bodies are never opened."""

    def rewrap_head(self, head: bytes) -> tuple[bytes, bytes] | None:
        """The old head and the one under the active key of the same label, verified; None when it is there already.
        ``head`` may go on after the head. Raises Tampered, or Unavailable (``key-unavailable``: no such key is at
        hand)."""
        ...
