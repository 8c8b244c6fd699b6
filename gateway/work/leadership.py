"""Leadership: work that must not run twice at once runs only where a lease of the store is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.core.ids import Clock
from gateway.core.ports.health import Leases
from gateway.work.loops import Step

LEASE = timedelta(seconds=15)
"""How long a dead leader blocks its successor."""
RENEWED = timedelta(seconds=7)
"""A lease is renewed after this: an idle process must not write twice a second, and a renewal may fail."""


@dataclass(frozen=True, slots=True)
class Leadership:
    leases: Leases
    owner: str
    clock: Clock

    def only_one(self, name: str, step: Step) -> Step:
        """The step, run only while this process holds the lease ``name``."""

        renew_at = datetime.min.replace(tzinfo=UTC)

        async def guarded() -> bool:
            nonlocal renew_at
            now = self.clock()
            if now >= renew_at or now < renew_at - LEASE:
                if not await self.leases.take(name, self.owner, now, now + LEASE):
                    return False
                renew_at = now + RENEWED
            return await step()

        return guarded
