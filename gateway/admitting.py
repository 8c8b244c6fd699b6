"""Admission control put together: settings, what is measured, and the door that it moves."""

from __future__ import annotations

import random

from gateway import memory
from gateway.core.admission import WHY, Bound, Bounds, Gauge, closed_by
from gateway.foundation import Foundation
from gateway.settings import Admission
from gateway.telemetry import AdmissionFigures
from gateway.work.admission import Capacity, Door
from gateway.work.directory import DirectoryWatch
from gateway.work.pressure import Pressure, Sources, waiting


def bounds(chosen: Admission, allowed: int) -> Bounds:
    """The thresholds of the settings; ``allowed`` bytes are what the process may have."""
    closes = {
        Gauge.UNDELIVERED: chosen.undelivered_seconds,
        Gauge.UNJUDGED: chosen.unjudged_seconds,
        Gauge.COMMIT: chosen.commit_seconds,
        Gauge.STORE: chosen.store_seconds,
        Gauge.MEMORY: chosen.memory_share * allowed,
    }
    return {gauge: Bound(figure, figure * chosen.opens_at) for gauge, figure in closes.items() if figure}


async def told_waits(base: Foundation) -> str:
    """``ok``, or what has waited in the store for longer than submissions are taken. Raises Unavailable."""
    stored = base.stores
    directory = await stored.partners.directory()
    sources = Sources(stored.waits, stored.health, lambda: directory, lambda: 0.0, lambda: 0)
    measured = await waiting(sources, base.clock())
    closed = closed_by(frozenset(), measured, bounds(base.settings.admission, memory.allowed()))
    return " ".join(f"{WHY[gauge]} ({measured[gauge]:.0f} s)" for gauge in sorted(closed)) or "ok"


def pressure(base: Foundation, watch: DirectoryWatch, figures: AdmissionFigures, owner: str) -> Pressure:
    """The door of this process and what moves it."""
    chosen = base.settings.admission
    door = Door(
        bounds(chosen, memory.allowed()),
        Capacity(chosen.at_once, min(chosen.at_once, chosen.at_once_each)),
        random.SystemRandom().random,
        figures.refused,
    )
    stored = base.stores
    sources = Sources(stored.waits, stored.health, watch.current, stored.intake.slowest_commit, memory.resident)
    return Pressure(door, sources, stored.audit, base.scribe, base.clock, owner, figures.measured)
