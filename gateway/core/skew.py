"""When a clock is wrong: by how much it may differ from what it is compared with (NIST SP 800-53 AU-8: one second)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LIMIT = timedelta(seconds=1)
"""A clock that differs by more is wrong; by less than half of it, right again. Between them it stays what it was."""
BEHIND_LOG = timedelta(seconds=5)
"""Entries of other processes may be so much younger than our look: their clocks differ a little, a look takes time."""
KEPT = timedelta(minutes=10)
"""A clock that was set and then went on evenly for so long is taken as set right: it counts from there."""


class Against(StrEnum):
    """What a clock is compared with."""

    MONOTONIC = "monotonic"
    """The seconds that passed since the look before: the clock was set."""
    DATABASE = "database"
    """The clock of the database server."""
    LOG = "log"
    """The newest entry and checkpoint of the audit log, once, at the start."""


@dataclass(frozen=True, slots=True)
class Skew:
    by: timedelta
    """How far our clock is ahead; negative when it is behind."""
    doubt: timedelta = timedelta()
    """By how much the measurement may be wrong."""
    limit: timedelta = LIMIT

    @property
    def wrong(self) -> bool:
        return abs(self.by) - self.doubt > self.limit

    @property
    def right(self) -> bool:
        return abs(self.by) < self.limit / 2


@dataclass(slots=True)
class Pace:
    """A clock beside seconds that pass evenly: by how much it was set since it was last taken as right."""

    _right: datetime | None = None
    """What the clock read, or would have read, at second zero, while it was right."""
    _last: datetime | None = None
    """The same at the look before."""
    _even_since: float = 0.0

    def look(self, now: datetime, seconds: float) -> Skew:
        zero = now - timedelta(seconds=seconds)
        if self._right is None:
            self._right = zero
        if self._last is None or abs(zero - self._last) > LIMIT:
            self._even_since = seconds
        elif seconds - self._even_since >= KEPT.total_seconds():
            self._right = zero
        self._last = zero
        return Skew(zero - self._right)


def against_server(asked: datetime, round_trip: timedelta, theirs: datetime) -> Skew:
    """Of our clock, which read ``asked`` when the question left: the server read its own somewhere on the way, taken as
    the middle, which is wrong by half the way at most."""
    return Skew(asked + round_trip / 2 - theirs, round_trip / 2)


def against_log(now: datetime, newest: datetime) -> Skew:
    """A clock that is later than the log may be right however late it is; one that is earlier is not, or was not."""
    return Skew(min(now - newest, timedelta()), limit=BEHIND_LOG)


def told(against: Against, skew: Skew) -> str:
    """In words, for a person."""
    way = "ahead of" if skew.by > timedelta() else "behind"
    return f"this clock is {abs(skew.by).total_seconds():.1f} s {way} the {_NAMES[against]}"


_NAMES = {
    Against.MONOTONIC: "time that has passed",
    Against.DATABASE: "clock of the database server",
    Against.LOG: "newest entry of the audit log",
}
