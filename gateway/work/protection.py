"""The register of protected persons and of what courts ordered about them, in memory; as new as the store's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from gateway.core.ports.notices import Notices
from gateway.core.ports.overrides import Overrides
from gateway.core.protected import Register

log = structlog.get_logger()


@dataclass(slots=True)
class RegisterWatch:
    notices: Notices
    overrides: Overrides
    register: Register = field(default_factory=Register)
    _learning: asyncio.Task[None] | None = field(default=None, init=False)

    async def refresh(self) -> bool:
        """Look whether the store has something newer; False always: the loop may rest."""
        if await self.notices.revision() > self.register.revision:
            await self._learn_together()
        return False

    async def at_least(self, revision: int) -> Register:
        """The register, with everything up to a revision that somebody saw in the store."""
        for _ in range(2):  # what somebody else is just asking for may have begun too early for this revision
            if revision > self.register.revision:
                await self._learn_together()
        return self.register

    async def _learn_together(self) -> None:
        """One look for all who ask meanwhile: deliveries that begin together see the same new revision, and each would
        read everything that is new."""
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())
        await asyncio.shield(self._learning)

    async def _learn(self) -> None:
        known = self.register.revision
        revision, standings = await self.notices.since(known)
        orders = await self.overrides.since(known)
        self.register.orders.learn(orders)
        self.register.learn(revision, standings)
        log.info("protection.changed", version=revision, count=len(self.register))
