"""The readiness checks, run in the background: a page never waits for the broker or the disk while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.errors import GatewayError
from gateway.core.ids import Clock
from gateway.web.readiness import Check

EVERY = 15.0
"""Seconds between rounds: a broken part shows well before an operator reloads twice, at no load worth naming."""
PATIENCE = 5.0
"""Seconds after which a check that does not answer counts as failed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last result of one check. ``state`` is ``ok`` or ``failed``."""

    name: str
    state: str
    note: str
    at: datetime


class Pulse:
    """Keeps the last reading of every check."""

    def __init__(self, checks: Mapping[str, Check], clock: Clock) -> None:
        self._checks, self._clock = checks, clock
        self.readings: tuple[Reading, ...] = ()

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        self.readings = tuple([await self._read(name, check) for name, check in self._checks.items()])

    async def _read(self, name: str, check: Check) -> Reading:
        try:
            async with asyncio.timeout(PATIENCE):  # wait_for of Python 3.11 can swallow the cancellation at shutdown
                await check()
        except TimeoutError:
            return Reading(name, "failed", f"no answer within {PATIENCE:g} s", self._clock())
        except GatewayError as error:
            return Reading(name, "failed", error.detail, self._clock())
        except Exception as error:  # noqa: BLE001 (a broken check must not end the others; it shows as failed)
            return Reading(name, "failed", type(error).__name__, self._clock())
        return Reading(name, "ok", "", self._clock())
