"""Charts and trends from the measured samples. The series that housekeeping writes are named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from gateway.core.ports.health import Health, Sample
from gateway.web.console.plots import Chart, Series, buckets, figure
from gateway.web.movement import MEASURED, PENDING, by_label

ACCEPTED = "minute.accepted"
"""No label. Records judged and taken in during the minute before the sample, whenever their file came."""
DELIVERED = MEASURED
"""No label. Deliveries that partners took during the minute before the sample, whenever these were made."""

LAYERS = 5
"""Partners shown by name in the backlog plot; the rest share a layer."""


@dataclass(frozen=True, slots=True)
class Window:
    """How far back a plot looks and into how many steps it is cut."""

    name: str
    span: timedelta
    steps: int


WINDOWS: Mapping[str, Window] = {
    "1h": Window("hour", timedelta(hours=1), 60),
    "24h": Window("24 hours", timedelta(hours=24), 96),
}


def total(layers: Sequence[tuple[float | None, ...]], steps: int) -> tuple[float | None, ...]:
    """The sum of the layers at each step; None where none of them was measured."""
    sums: list[float | None] = []
    for step in range(steps):
        values = [value for layer in layers if (value := layer[step]) is not None]
        sums.append(sum(values) if values else None)
    return tuple(sums)


async def _readings(health: Health, series: str, since: datetime, window: Window) -> Sequence[Sample]:
    """What a plot shows of the window, and no more of it."""
    return await health.readings(series, since, window.span / window.steps, window.steps)


async def throughput(health: Health, now: datetime, window: Window) -> Chart:
    """Records taken in and deliveries taken by partners a minute, over all of them."""
    since = now - window.span
    times, _ = buckets((), since, now, window.steps)
    series, told, at = [], [], now
    for label, name in (("accepted", ACCEPTED), ("delivered", DELIVERED)):
        readings = by_label(await health.samples(name, since)).get("", ())
        if readings:
            series.append(Series(label, buckets(readings, since, now, window.steps, fmean)[1]))
            told.append(f"{figure(readings[-1][1])} {label}")
            at = readings[-1][0]
    description = f"Over the last {window.name}; in the minute to {at:%H:%M:%S} UTC {', '.join(told)}."
    return Chart("Throughput a minute", description if series else "Records and deliveries.", times, tuple(series))


async def backlog(health: Health, now: datetime, window: Window) -> Chart:
    """What is owed and not yet delivered, stacked by partner; the biggest by name."""
    since = now - window.span
    samples = await _readings(health, PENDING, since, window)
    groups = by_label(samples)
    layers = {label: buckets(readings, since, now, window.steps)[1] for label, readings in groups.items()}
    ranked = sorted(layers, key=lambda label: (-max((v or 0 for v in layers[label]), default=0), label))
    # A time at which something was measured and nobody had anything waiting is a zero, not a gap.
    measured = by_label(await _readings(health, DELIVERED, since, window)).get("", ())
    nobody = tuple(None if v is None else 0.0 for v in buckets(measured, since, now, window.steps)[1])
    everything = total([nobody, *layers.values()], window.steps)
    named = [Series(label, _filled(layers[label], everything)) for label in ranked[:LAYERS]]
    if ranked[LAYERS:]:
        rest = total([layers[label] for label in ranked[LAYERS:]], window.steps)
        named.append(Series("others", _filled(rest, everything)))
    times, _ = buckets((), since, now, window.steps)
    at = max((*(sample.at for sample in samples), *(at for at, _ in measured)), default=now)
    owed = sum(sample.value for sample in samples if sample.at == at)
    description = f"Over the last {window.name}; {figure(owed)} deliveries were pending at {at:%H:%M:%S} UTC."
    return Chart("Backlog by partner", description, times, tuple(named))


def _filled(layer: tuple[float | None, ...], everything: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """A partner without a reading where others have one has nothing waiting; where nobody has one there is a gap."""
    return tuple(
        None if whole is None else (value if value is not None else 0.0)
        for value, whole in zip(layer, everything, strict=True)
    )
