"""The port of the register of incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.incident_clock import Opened, Untold
from gateway.core.model import AuditEntry


class IncidentRegister(Protocol):
    async def open(self, incident: Opened, entry: AuditEntry) -> None: ...

    async def list(self, *, closed: bool = False) -> tuple[Opened, ...]:
        """The latest first; ``closed``: also those that are closed."""
        ...

    async def tell(self, incident: str, duty: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        """False when there is no such open incident, or it was told before; then nothing is written."""
        ...

    async def close(self, incident: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        """False when there is no such open incident."""
        ...

    async def alarm(self, incident: str, stage: str, at: datetime, entry: AuditEntry) -> bool:
        """False when it was given before, by whichever process; then nothing is written."""
        ...


class IncidentClocks(Protocol):
    """For those who look: console, metrics, command line."""

    async def untold(self) -> tuple[Untold, ...]:
        """Whom to tell of what, what is due first first."""
        ...


class NoIncidents:
    """Where there is no register."""

    async def untold(self) -> tuple[Untold, ...]:
        return ()


NO_INCIDENTS = NoIncidents()
