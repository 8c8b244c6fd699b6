"""Ports of the store about how the gateway is: breakers, samples, who leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.core.model import PartnerKey


@dataclass(frozen=True, slots=True)
class BreakerRow:
    partner: PartnerKey
    state: str
    """``closed``, ``open`` or ``half-open``."""
    failures: int
    since: datetime
    probe_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured figure. ``series`` is like ``queue.ready`` with ``label`` the queue's partner."""

    at: datetime
    series: str
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Deliveries of one partner's queue in a span of time."""

    entered: int
    """Made, or sent on their way again by a person."""
    left: int
    """Taken by the partner, placed for it, dead or held. What people withdraw is no flow."""


@dataclass(frozen=True, slots=True)
class Share:
    """A process's place among those that do the same: ``place`` from 0, ``of`` so many."""

    place: int
    of: int


class Health(Protocol):
    async def ping(self) -> None:
        """Raises Unavailable when the store does not answer, or did not take the last write and takes none now."""
        ...

    async def writes(self) -> None:
        """Write something that means nothing. Raises Unavailable."""
        ...

    async def room(self) -> None:
        """Look whether the database's disk is full, though small writes fit. For who asks now and then: it may write a
        few MiB. Raises Unavailable."""
        ...

    async def breakers(self) -> tuple[BreakerRow, ...]: ...

    async def save_breaker(self, row: BreakerRow) -> None: ...

    async def add_samples(self, samples: Sequence[Sample]) -> None: ...

    async def samples(self, series: str, since: datetime, label: str | None = None) -> tuple[Sample, ...]:
        """Oldest first."""
        ...

    async def readings(self, series: str, since: datetime, width: timedelta, spans: int) -> tuple[Sample, ...]:
        """Of each of so many spans of that width the readings of its last moment, oldest first: about as many rows as a
        plot shows, however often was measured."""
        ...

    async def prune_samples(self, before: datetime) -> None: ...

    async def counts(self, since: datetime) -> Mapping[str, int]:
        """Submissions, records by state, deliveries by state since then, for the overview."""
        ...

    async def lately(self, since: datetime, actions: Sequence[str]) -> Mapping[str, int]:
        """Entries of the audit log of each of these actions since then, whenever what they are about was made."""
        ...

    async def flows(self, since: datetime) -> Mapping[PartnerKey, Flow]:
        """What came into each partner's queue and went out of it since then; partners without any are absent."""
        ...


class Leases(Protocol):
    """One process at a time does a job that must not run twice (scheduler, integrator)."""

    async def take(self, name: str, owner: str, now: datetime, until: datetime) -> bool: ...

    async def release(self, name: str, owner: str) -> None: ...

    async def among(self, role: str, owner: str, now: datetime, until: datetime) -> Share:
        """That ``owner`` does the work of ``role`` until then, beside any number of others; its share of it."""
        ...

    async def leave(self, role: str, owner: str) -> None:
        """That it does so no more."""
        ...
