"""Looks that cost more the more there is: they become rarer the longer they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TIMES = 20
"""The store is left alone so many times as long as a look took: looking must not be what it is busy with."""
LONGEST = timedelta(minutes=1)


@dataclass(slots=True)
class Seldom:
    """When to look again."""

    _at: datetime | None = None
    last: datetime | None = None
    """When the last look began."""

    def rests(self, now: datetime) -> bool:
        """Whether it is too early. A clock that was set back makes nobody wait."""
        return self._at is not None and now < self._at <= now + LONGEST

    def looked(self, begun: datetime, ended: datetime) -> None:
        """A look took from ``begun`` to ``ended``."""
        self.last = begun
        self._at = ended + min(TIMES * max(timedelta(), ended - begun), LONGEST)

    def at_once(self) -> None:
        """There is more to do: look again without a rest."""
        self._at = None
