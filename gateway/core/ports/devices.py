"""Port of the store about the computers that operators' accounts are bound to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry


@dataclass(frozen=True, slots=True)
class Device:
    """A computer that an account may be used on."""

    operator: str
    thumbprint: str
    """SHA-256 of the DER bytes of its certificate, 64 lower-case hex digits."""
    label: str
    """What the site calls it."""
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Lost:
    """A computer that was reported lost."""

    thumbprint: str
    reason: str
    at: datetime


class Devices(Protocol):
    """An account with a device may be used on its devices alone; one with none on every computer of the agency's. On a
    lost one none may be used."""

    async def of(self, operator: str) -> tuple[Device, ...]:
        """The oldest first."""
        ...

    async def list(self) -> tuple[Device, ...]:
        """By operator, the oldest first."""
        ...

    async def add(self, device: Device, entry: AuditEntry) -> int:
        """Bind; the account's sessions on computers that it is not bound to end: how many there were. Raises Conflict
        when it is bound to this one already."""
        ...

    async def remove(self, operator: str, thumbprint: str, entry: AuditEntry) -> int | None:
        """Unbind; the account's sessions on this computer end: how many there were. None: it was not bound to it."""
        ...

    async def lost(self) -> tuple[Lost, ...]:
        """The newest first."""
        ...

    async def is_lost(self, thumbprint: str) -> bool: ...

    async def lose(self, lost: Lost, entry: AuditEntry) -> int:
        """Every session on the computer ends: how many there were. Raises Conflict when it is lost already."""
        ...

    async def recover(self, thumbprint: str, entry: AuditEntry) -> bool:
        """False: it was not lost."""
        ...
