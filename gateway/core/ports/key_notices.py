"""Port of the notices of keys that come to their end."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry


class KeyNotices(Protocol):
    """Each notice is given once, by whichever process, across restarts."""

    async def give(self, key: str, days: int, at: datetime, entry: AuditEntry) -> bool:
        """False when it was given before; then nothing is written."""
        ...
