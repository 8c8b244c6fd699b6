"""Idle: ten partners and nothing to do, as a share of one core.

The floor is ``handwritten.py`` at the same time, with nothing to do either: it keeps connections to the same servers
and never looks for work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench.floor import handwritten
from bench.online import PARTNER
from bench.report import Figure, Report, Target
from bench.resources import executed_seconds, processor_seconds, resident
from bench.site import servers, site
from tests.servers.ports import free_port

PARTNERS = 10
SHARE = 1.0
SETTLING_SECONDS = 5
"""After the start, until connections stand and first looks are done."""


def run(seconds: int) -> Report:
    """The benchmark ``idle``."""
    text = "".join(PARTNER.format(key=f"partner-{n}", locator=f"{n:02d}", port=9) for n in range(1, PARTNERS + 1))
    with (
        servers() as (cluster, node),
        site(cluster, node, "idle", text) as gateway,
        handwritten(cluster, node, free_port()) as (_, floor),
    ):
        gateway.start()
        time.sleep(SETTLING_SECONDS)
        begun, before = time.monotonic(), processor_seconds(gateway.pids)
        own, least = Executed(gateway.pids), Executed([floor])
        statements = _transactions(gateway.query)
        time.sleep(seconds)
        own_ms, floor_ms = own.ms(), least.ms()
        used = processor_seconds(gateway.pids) - before
        share = 100 * used / (time.monotonic() - begun)
        figures: dict[str, Figure] = {
            "ratio": round(own_ms / floor_ms, 1) if floor_ms else "none: the floor used no time",
            "percent_of_a_core": round(share, 3),
            "gateway_cpu_ms_a_s": round(own_ms / seconds, 3),
            "floor_cpu_ms_a_s": round(floor_ms / seconds, 3),
            "cpu_seconds": round(used, 3),
            "transactions_per_s": round((_transactions(gateway.query) - statements) / seconds, 2),
            "resident_mib": round(resident(gateway.pids), 1),
            "floor_resident_mib": round(resident([floor]), 1),
            "partners": PARTNERS,
            "seconds": seconds,
        }
    return Report("idle", figures, [Target(f"under {SHARE} % of one core ({share:.2f})", share < SHARE)])


class Executed:
    """Time on a processor that processes use from now on."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids, self._before = tuple(pids), executed_seconds(pids)

    def ms(self) -> float:
        return 1000 * (executed_seconds(self._pids) - self._before)


def _transactions(query: Callable[[str], str]) -> int:
    """Committed and rolled back by anybody, our own look included."""
    return int(query("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"))
