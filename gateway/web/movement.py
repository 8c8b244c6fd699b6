"""How each partner's queue moves: what comes into it and goes out of it, who works on it, and how long it will last.

All of it is out of the samples that housekeeping writes: a look costs the same however much moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.ports.health import Health, Sample

PENDING = "queue.pending"
"""Label: partner. Deliveries that are pending or claimed."""
ENTERED = "queue.entered"
"""Label: partner. Deliveries a minute that came into the queue in the moments before the sample."""
LEFT = "queue.left"
"""Label: partner. Deliveries a minute that went out of it in the same moments."""
CONSUMERS = "broker.consumers"
"""Label: partner. Dispatchers that listen to the partner's queue; zero means that nobody works on it."""
MEASURED = "minute.delivered"
"""No label. In each round of samples, whatever else is in it."""
SPAN = timedelta(minutes=5)
SHORTEST = timedelta(seconds=30)
"""Two readings closer than this say nothing about a change."""

Readings = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Movement:
    """Of one queue over the last five minutes, in deliveries a minute. None: it was not measured."""

    entered: float | None = None
    left: float | None = None
    change: float | None = None
    """Of the depth between the first reading and the last. It differs from ``entered`` without ``left`` by what people
    withdrew."""
    consumers: int | None = None

    def clears_in(self, waiting: int) -> timedelta | None:
        """How long so many last if as many go on coming and going; None when that empties no queue, or is not known."""
        if not waiting:
            return timedelta(0)
        if self.entered is None or self.left is None or self.left <= self.entered:
            return None
        return timedelta(minutes=waiting / (self.left - self.entered))


async def movements(health: Health, now: datetime) -> Mapping[str, Movement]:
    """By partner. One that no sample names has no key: where others were measured, nothing of it moved."""
    since = now - SPAN
    rounds = len(await health.samples(MEASURED, since))
    entered, left = [_means(await health.samples(series, since), rounds) for series in (ENTERED, LEFT)]
    depths = by_label(await health.samples(PENDING, since))
    listening = by_label(await health.samples(CONSUMERS, since))
    return {
        partner: Movement(
            entered.get(partner, 0.0) if rounds else None,
            left.get(partner, 0.0) if rounds else None,
            change(depths.get(partner, ())),
            int(listening[partner][-1][1]) if partner in listening else None,
        )
        for partner in {*entered, *left, *depths, *listening}
    }


def _means(samples: Sequence[Sample], rounds: int) -> Mapping[str, float]:
    """A partner that a round does not name had nothing in it."""
    return {label: sum(value for _, value in found) / rounds for label, found in by_label(samples).items() if rounds}


def by_label(samples: Sequence[Sample]) -> Mapping[str, Readings]:
    """The readings of each label, oldest first."""
    found: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for sample in samples:
        found[sample.label].append((sample.at, sample.value))
    return found


def change(readings: Readings) -> float | None:
    """A minute, between the first and the last reading; None when they are too close together."""
    if not readings:
        return None
    (first, before), (last, after) = readings[0], readings[-1]
    span = last - first
    return (after - before) / (span / timedelta(minutes=1)) if span >= SHORTEST else None
