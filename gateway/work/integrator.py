"""The integrator: numbers audit entries without gaps and signs checkpoints while there is work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import structlog

from gateway.core.errors import Conflict
from gateway.core.ids import Clock
from gateway.core.model import AuditEntry, EntryId
from gateway.core.ports.audit_log import AuditLog, Checkpoint, Tile

log = structlog.get_logger()
GROUP = 2_000
"""Entries of one checkpoint: about 30 ms of hashing."""

F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)


class Grown(Protocol[F_co]):
    """The log after one step, ready to be stored."""

    @property
    def first(self) -> int: ...

    @property
    def ids(self) -> Sequence[EntryId]: ...

    @property
    def leaves(self) -> Sequence[bytes]: ...

    @property
    def tiles(self) -> Sequence[Tile]: ...

    @property
    def checkpoint(self) -> Checkpoint: ...

    @property
    def frontier(self) -> F_co: ...


Grow = Callable[[F, Sequence[AuditEntry], datetime, Checkpoint | None], Grown[F]]
"""Hash, change tiles, sign; refuses to sign what is not consistent with the last checkpoint (Tampered)."""
Restore = Callable[[Checkpoint | None], Awaitable[F]]
"""The frontier of the stored log, once it is sound and goes on from what was remembered (else Tampered)."""
Remember = Callable[[Checkpoint], Awaitable[None]]
"""Keeps the signed head outside the database."""


@dataclass(slots=True)
class Integrator(Generic[F]):
    audit: AuditLog
    grow: Grow[F]
    restore: Restore[F]
    clock: Clock
    observe: Callable[[Checkpoint], None]
    remember: Remember
    _frontier: F | None = None
    _last: Checkpoint | None = field(default=None, repr=False)
    _unremembered: Checkpoint | None = field(default=None, repr=False)
    """Signed, and not yet kept outside the database: its disk was full."""

    async def step(self) -> bool:
        """Number one group of entries. True when there may be more."""
        entries = await self.audit.unsequenced(GROUP)
        if not entries:
            await self._make_good()
            return False
        if self._frontier is None:
            self._last = await self.audit.head()
            self._frontier = await self.restore(self._last)
        grown = self.grow(self._frontier, entries, self.clock(), self._last)
        try:
            await self.audit.integrate(grown.first, grown.ids, grown.leaves, grown.tiles, grown.checkpoint)
        except Conflict:
            log.warning("integrator.overtaken", size=grown.first)
            self._frontier = None
            return True
        self._frontier, self._last = grown.frontier, grown.checkpoint
        self._unremembered = grown.checkpoint
        await self._kept(grown.checkpoint)
        return len(entries) == GROUP

    async def _make_good(self) -> None:
        """Keep what is owed, though nothing new came: until then the loop is at fault, and says so."""
        owed = self._unremembered
        if owed is not None:
            head = await self.audit.head()
            if head is not None and head.size == owed.size:
                await self._kept(owed)
            self._unremembered = None  # of a longer log whoever signed it keeps the head

    async def _kept(self, checkpoint: Checkpoint) -> None:
        await self.remember(checkpoint)
        self._unremembered = None
        self.observe(checkpoint)
