"""Leadership: work that must not run twice at once runs only where a lease of the store is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.ids import Clock
from gateway.core.ports.health import Leases
from gateway.work.loops import Step

LEASE = timedelta(seconds=15)
"""How long a dead leader blocks its successor."""
RENEWED = timedelta(seconds=7)
"""A lease is renewed after this: an idle process must not write twice a second, and a renewal may fail."""
REFUSED = timedelta(seconds=2)
"""Who was refused asks again after this."""


@dataclass(slots=True)
class Leadership:
    """One process among those of a role: it does what must not run twice while the lease of the role is its own."""

    leases: Leases
    role: str
    owner: str
    clock: Clock
    _leads: bool = False
    _ask_at: datetime | None = None

    def only_one(self, step: Step) -> Step:
        """The step, run only while this process leads. All steps of the role share the lease: whichever comes first
        renews it."""

        async def guarded() -> bool:
            return await self._leading() and await step()

        return guarded

    async def _leading(self) -> bool:
        now = self.clock()
        if self._ask_at is None or not self._ask_at - LEASE <= now < self._ask_at:
            self._leads = await self.leases.take(self.role, self.owner, now, now + LEASE)
            self._ask_at = now + (RENEWED if self._leads else REFUSED)
        return self._leads
