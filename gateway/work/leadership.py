"""Leadership: work that must not run twice at once runs only where a lease of the store is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.core.ids import Clock
from gateway.core.ports.store import Leases
from gateway.work.loops import Step

LEASE = timedelta(seconds=15)
"""How long a dead leader blocks its successor."""


@dataclass(frozen=True, slots=True)
class Leadership:
    leases: Leases
    owner: str
    clock: Clock

    def only_one(self, name: str, step: Step) -> Step:
        """The step, run only while this process holds the lease ``name``."""

        async def guarded() -> bool:
            now = self.clock()
            if not await self.leases.take(name, self.owner, now, now + LEASE):
                return False
            return await step()

        return guarded
