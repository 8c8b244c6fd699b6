"""The port of the store about times that are not from our clock."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Times(Protocol):
    async def server(self) -> datetime | None:
        """What the clock of the database server says now; None when the database has no server."""
        ...

    async def newest(self) -> datetime | None:
        """The latest time in the newest entries and the newest checkpoint of the audit log; None while it is empty."""
        ...
