"""Counts failed logins for each name and address and locks those that fail too often, in whatever console process.

An attempt counts as failed from its beginning: of guesses that are made at the same moment no more are looked at than
of guesses one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.ports.login_failures import LoginFailures

DOMAIN = "login"


@dataclass(frozen=True, slots=True)
class Counted:
    """An attempt that may be looked at."""

    number: int
    locks: bool
    """Whether its failure locks the key."""


@dataclass(frozen=True, slots=True)
class Lockout:
    """``limit`` failures within ``within`` lock a key for ``span`` after the last of them. What was counted stays
    counted when the lock ends: the next failure within ``within`` locks again. ``kind`` keeps keys apart."""

    failures: LoginFailures
    token: Callable[[str, str], bytes]
    """A keyed digest for exact comparison (domain, value)."""
    kind: str
    limit: int
    span: timedelta
    within: timedelta

    async def begin(self, key: str, now: datetime) -> Counted | None:
        """Count an attempt; None while the key is locked, or others that were begun first use up what is left."""
        subject, after = self._subject(key), now - self.within
        recent = await self.failures.since(subject, after)
        if len(recent) >= self.limit and now - recent[-1] < self.span:
            return None
        number = await self.failures.add(subject, now, after)
        begun = len(await self.failures.since(subject, after))
        left = max(1, self.limit - len(recent))
        if begun - len(recent) > left:
            await self.failures.take_back(number)
            return None
        return Counted(number, begun >= self.limit)

    async def take_back(self, attempt: Counted) -> None:
        """It was right, as far as it goes."""
        await self.failures.take_back(attempt.number)

    async def succeeded(self, key: str) -> None:
        await self.failures.forget(self._subject(key))

    def _subject(self, key: str) -> bytes:
        return self.token(DOMAIN, f"{self.kind}:{key}")
