"""Ports on changes of the family violence indicator that the federal case registry has to be told of."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.danger_clock import Change, Due
from gateway.core.model import AuditEntry, RecordId
from gateway.core.ports.deliveries import Gathering


class DangerChanges(Protocol):
    """In the store."""

    async def unsent(self, since: datetime) -> tuple[Change, ...]:
        """Those received since then that the registry does not have and that nobody gave up; oldest first."""
        ...

    async def waiting(self) -> frozenset[tuple[str, str, str]]:
        """Partner, sender and agreement of batches to come in which one waits."""
        ...

    async def alarm(self, record: RecordId, stage: str, at: datetime, entry: AuditEntry) -> bool:
        """False when it was given before, by whichever process; then nothing is written."""
        ...


class DangerClocks(Protocol):
    """For those who look: console, metrics, command line."""

    async def due(self) -> tuple[Due, ...]:
        """Every change that has not been sent, the most urgent first."""
        ...


async def _none(_waiting: tuple[Gathering, ...]) -> frozenset[tuple[str, str, str]]:
    return frozenset()


class NoClocks:
    """Where nothing is watched."""

    async def due(self) -> tuple[Due, ...]:
        return ()


NO_CLOCKS, nobody_hurries = NoClocks(), _none
