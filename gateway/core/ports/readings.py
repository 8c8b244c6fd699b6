"""The port of what operators read."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.reading_review import Reading


class Readings(Protocol):
    """Out of the audit log."""

    async def since(self, begin: datetime) -> tuple[Reading, ...]:
        """What people opened from ``begin`` on, oldest first; partners that fetch what is theirs are not among them."""
        ...
