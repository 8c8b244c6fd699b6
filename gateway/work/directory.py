"""The present picture of partners and agreements, kept in memory and refreshed when the store's version grows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from gateway.core.ports.partners import Partners
from gateway.core.routing import Directory

log = structlog.get_logger()

OnChange = Callable[[Directory], Awaitable[None]]


@dataclass(slots=True)
class DirectoryWatch:
    partners: Partners
    on_change: list[OnChange] = field(default_factory=list)
    """Told after each change, before the new picture is used: queues are declared and consumed then."""
    _current: Directory = field(default_factory=lambda: Directory((), (), version=-1))

    def current(self) -> Directory:
        return self._current

    async def fresh(self) -> Directory:
        """For callers at the edge: the picture in memory."""
        return self._current

    async def refresh(self) -> bool:
        """Look whether the store has something newer; False always: the loop may rest."""
        if await self.partners.version() != self._current.version:
            directory = await self.partners.directory()
            for tell in self.on_change:
                await tell(directory)
            self._current = directory
            log.info("directory.changed", version=directory.version, partners=len(directory.partners))
        return False
