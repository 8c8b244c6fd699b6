"""The port of the store about partners and agreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.model import Agreement, AuditEntry, Partner, PartnerKey
from gateway.core.routing import Directory


class Partners(Protocol):
    async def directory(self) -> Directory:
        """All partners and agreements of the newest versions."""
        ...

    async def version(self) -> int:
        """Grows with every change; cheap to poll."""
        ...

    async def apply(
        self, partners: Sequence[Partner], agreements: Sequence[Agreement], entries: Sequence[AuditEntry]
    ) -> int:
        """Store those that differ from what is stored, each under its next version; returns how many changed."""
        ...

    async def pause(self, partner: PartnerKey, entry: AuditEntry, *, paused: bool) -> bool: ...
