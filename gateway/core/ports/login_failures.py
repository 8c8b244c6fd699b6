"""Port of failed logins: counted in one place for all console processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class LoginFailures(Protocol):
    """``subject`` is a keyed digest of whose failures they are: what was typed as a name may be a password."""

    async def since(self, subject: bytes, after: datetime) -> Sequence[datetime]:
        """When the subject failed after that, oldest first."""
        ...

    async def add(self, subject: bytes, at: datetime, forget_before: datetime) -> int:
        """Count a failure, and return its number; what is older than ``forget_before`` is dropped, whosever it was."""
        ...

    async def take_back(self, number: int) -> None:
        """It was none."""
        ...

    async def forget(self, subject: bytes) -> None:
        """The subject got in."""
        ...
