"""Counts failed logins for each name and address and locks those that fail too often, in whatever console process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.ports.login_failures import LoginFailures


@dataclass(frozen=True, slots=True)
class Lockout:
    """``limit`` failures within ``within`` lock a key for ``span`` after the last of them. What was counted stays
    counted when the lock ends: the next failure within ``within`` locks again. ``kind`` keeps keys apart."""

    failures: LoginFailures
    kind: str
    limit: int
    span: timedelta
    within: timedelta

    async def locked(self, key: str, now: datetime) -> bool:
        recent = await self.failures.since(self._subject(key), now - self.within)
        return len(recent) >= self.limit and now - recent[-1] < self.span

    async def failed(self, key: str, now: datetime) -> bool:
        """Count a failure; True when this one locks the key."""
        await self.failures.add(self._subject(key), now, now - self.within)
        return len(await self.failures.since(self._subject(key), now - self.within)) >= self.limit

    async def succeeded(self, key: str) -> None:
        await self.failures.forget(self._subject(key))

    def _subject(self, key: str) -> str:
        return f"{self.kind}:{key}"
