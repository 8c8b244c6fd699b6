"""Port of failed logins: counted in one place for all console processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class LoginFailures(Protocol):
    """``subject`` says whose failures: a name or an address, with its kind. Only a digest of it is kept."""

    async def since(self, subject: str, after: datetime) -> Sequence[datetime]:
        """When the subject failed after that, oldest first."""
        ...

    async def add(self, subject: str, at: datetime, forget_before: datetime) -> None:
        """Count a failure; what is older than ``forget_before`` is dropped, whosever it was."""
        ...

    async def forget(self, subject: str) -> None:
        """The subject got in."""
        ...
