"""Presence: the processes of one role know how many they are, so that together they keep what a partner asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.core.ids import Clock
from gateway.core.ports.health import Leases, Share

RENEWED = timedelta(seconds=7)
"""How soon the others hear of a new one."""
LEASE = timedelta(seconds=25)
"""How long a dead one keeps its share, which nobody uses meanwhile."""
ALONE = Share(0, 1)


def alone() -> Share:
    """For a process that has no others beside it."""
    return ALONE


@dataclass(slots=True)
class Presence:
    """One process among those of its role."""

    leases: Leases
    role: str
    owner: str
    clock: Clock
    _share: Share = ALONE

    def share(self) -> Share:
        """As it was told last."""
        return self._share

    async def step(self) -> bool:
        """Say that this process lives, and hear who else does; False always."""
        now = self.clock()
        self._share = await self.leases.among(self.role, self.owner, now, now + LEASE)
        return False

    async def leave(self) -> None:
        """The others need not wait for the end of its lease."""
        await self.leases.leave(self.role, self.owner)
