"""The lookout: one look at the store each second wakes those loops of the process that have something to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.ids import Clock
from gateway.core.ports.signs import GROWING, Sign, Signs


@dataclass(slots=True)
class Lookout:
    signs: Signs
    clock: Clock
    wakes: Mapping[Sign, asyncio.Event]
    """What wakes the loop that waits for the sign."""
    _read: Mapping[Sign, int] = field(default_factory=dict)

    async def step(self) -> bool:
        """False always: it is steady, however much there is."""
        read = await self.signs.read(self.wakes.keys(), self.clock())
        for sign, value in read.items():
            if value != self._read.get(sign, -1) if sign in GROWING else value:
                self.wakes[sign].set()
        self._read = read
        return False
