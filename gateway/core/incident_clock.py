"""The clocks on telling of an incident: alarms when 50, 80 and 100 % of the longest time are over (O01, H03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.incident import DUTIES, Data, Duty


class Stage(StrEnum):
    """How far the time to tell somebody has gone."""

    OPEN = "open"
    HALF = "half"
    NEAR = "near"
    OVERDUE = "overdue"


_FROM: tuple[tuple[float, Stage], ...] = ((1.0, Stage.OVERDUE), (0.8, Stage.NEAR), (0.5, Stage.HALF), (0.0, Stage.OPEN))
"""Part of the time -> stage from then on."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident in the register."""

    id: str
    discovered_at: datetime
    about: str
    """What it is about, without personal data."""
    opened_by: str
    opened_at: datetime
    partner: str | None = None
    data: frozenset[Data] = frozenset()
    """Sorts of data that are concerned."""
    told: Mapping[str, datetime] = field(default_factory=dict)
    """Code of a duty -> when it was done."""
    closed_at: datetime | None = None
    closed_by: str | None = None

    def duties(self) -> Iterator[Duty]:
        """Whom to tell, done or not."""
        return (duty for duty in DUTIES if duty.data is None or duty.data in self.data)


@dataclass(frozen=True, slots=True)
class Untold:
    """Somebody who has to be told of an incident and is not yet."""

    incident: Opened
    duty: Duty
    due_at: datetime
    stage: Stage


def untold(opened: Iterable[Opened], now: datetime) -> tuple[Untold, ...]:
    """What is still to be done, what is due first first."""
    waiting = [
        Untold(one, duty, one.discovered_at + duty.within, _stage(one, duty, now))
        for one in opened
        if one.closed_at is None
        for duty in one.duties()
        if duty.code not in one.told
    ]
    return tuple(sorted(waiting, key=lambda one: (one.due_at, one.incident.id)))


def _stage(one: Opened, duty: Duty, now: datetime) -> Stage:
    gone = (now - one.discovered_at) / duty.within
    return next((stage for part, stage in _FROM if gone >= part), Stage.OPEN)
