"""Counts failed logins for each name and address and locks those that fail too often. Memory is bounded."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta


class Lockout:
    """``limit`` failures within ``span`` lock a key for ``span`` after the last of them."""

    def __init__(self, limit: int, span: timedelta, capacity: int = 10_000) -> None:
        self._limit, self._span, self._capacity = limit, span, capacity
        self._failures: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def locked(self, key: str, now: datetime) -> bool:
        return len(self._recent(key, now)) >= self._limit

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
        failures = self._failures.get(key, ())
        if failures and now - failures[-1] >= self._span:
            del self._failures[key]
            return ()
        return failures
