"""The door for submissions: closed by what was measured, and never open to more at once than a process can carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.core.admission import RETRY_AFTER, WHY, Bounds, Gauge, closed_by
from gateway.core.errors import Overloaded, TooMany

_SOON = timedelta(seconds=1)
"""A crowd passes quickly: what is under way takes milliseconds each."""


class TooManyAtOnce(TooMany):
    """The caller has too many submissions under way."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("Too many of your submissions are under way at once.", code="too-many-at-once")
        self.retry_after = retry_after


Refusing = Callable[[str], None]
"""Told of every refusal: the gauge that closed the door, ``crowd`` or ``caller``."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many submissions may be under way in this process: all together, and of one caller."""

    at_once: int
    each: int


@dataclass(slots=True)
class Door:
    """Implements :class:`gateway.core.ports.admission.Admission`. ``roll`` gives [0, 1): those who are turned away
    together come again spread out."""

    bounds: Bounds
    capacity: Capacity
    roll: Callable[[], float]
    refusing: Refusing
    closed: frozenset[Gauge] = frozenset()
    refused: int = 0
    """Submissions turned away since the door closed."""
    crowded: int = 0
    """Submissions turned away because too many were under way, until somebody writes them down."""
    _inside: int = 0
    _of: dict[str, int] = field(default_factory=dict)

    def enter(self, caller: str) -> _Pass:
        if self.closed:
            raise self._overloaded()
        if self._inside >= self.capacity.at_once:
            self.crowded += 1
            self.refusing("crowd")
            raise Overloaded("Too many submissions are under way.", retry_after=self._spread(_SOON))
        if self._of.get(caller, 0) >= self.capacity.each:
            self.refusing("caller")
            raise TooManyAtOnce(self._spread(_SOON))
        return _Pass(self, caller)

    async def check(self) -> None:
        if self.closed:
            raise Overloaded(_told(self.closed))

    def follow(self, measured: Mapping[Gauge, float]) -> bool:
        """Close or open as the figures say; whether it is closed by other gauges than before."""
        before, self.closed = self.closed, closed_by(self.closed, measured, self.bounds)
        if not before:
            self.refused = 0
        return before != self.closed

    def count(self, caller: str, change: int) -> None:
        """One submission more or less is under way."""
        self._inside += change
        left = self._of.get(caller, 0) + change
        if left:
            self._of[caller] = left
        else:
            del self._of[caller]

    def _overloaded(self) -> Overloaded:
        self.refused += 1
        worst = max(self.closed, key=lambda gauge: (RETRY_AFTER[gauge], gauge))
        self.refusing(worst)
        return Overloaded(_told(self.closed), retry_after=self._spread(RETRY_AFTER[worst]))

    def _spread(self, wait: timedelta) -> timedelta:
        return wait * (1 + self.roll())


@dataclass(slots=True)
class _Pass:
    """One submission inside."""

    door: Door
    caller: str

    def __enter__(self) -> None:
        self.door.count(self.caller, 1)

    def __exit__(self, *_: object) -> None:
        self.door.count(self.caller, -1)


def _told(closed: frozenset[Gauge]) -> str:
    return " ".join(WHY[gauge] for gauge in sorted(closed))
