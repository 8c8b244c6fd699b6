"""Counts failed logins for each name and address and locks those that fail too often. Memory is bounded."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta


class Lockout:
    """``limit`` failures within ``within`` lock a key for ``span`` after the last of them. What was counted stays
    counted when the lock ends: the next failure within ``within`` locks again."""

    def __init__(self, limit: int, span: timedelta, within: timedelta, capacity: int = 10_000) -> None:
        self._limit, self._span, self._within, self._capacity = limit, span, within, capacity
        self._failures: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def locked(self, key: str, now: datetime) -> bool:
        recent = self._recent(key, now)
        return len(recent) >= self._limit and now - recent[-1] < self._span

    def failed(self, key: str, now: datetime) -> bool:
        """Count a failure; True when this one locks the key. The oldest key gives way when there are too many."""
        recent = (*self._recent(key, now), now)[-self._limit :]
        self._failures[key] = recent
        self._failures.move_to_end(key)
        while len(self._failures) > self._capacity:
            self._failures.popitem(last=False)
        return len(recent) >= self._limit

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)

    def _recent(self, key: str, now: datetime) -> tuple[datetime, ...]:
        recent = tuple(at for at in self._failures.get(key, ()) if now - at < self._within)
        if not recent:
            self._failures.pop(key, None)
        return recent
