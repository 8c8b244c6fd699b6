"""Idle: ten partners and nothing to do. The floor is nothing at all, so the figure is a share of one core."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.online import PARTNER
from bench.report import Figure, Report, Target
from bench.resources import processor_seconds, resident
from bench.site import servers, site

PARTNERS = 10
SHARE = 1.0
SETTLING_SECONDS = 5
"""After the start, until connections stand and first looks are done."""


def run(seconds: int) -> Report:
    """The benchmark ``idle``."""
    text = "".join(PARTNER.format(key=f"partner-{n}", locator=f"{n:02d}", port=9) for n in range(1, PARTNERS + 1))
    with servers() as (cluster, node), site(cluster, node, "idle", text) as gateway:
        gateway.start()
        time.sleep(SETTLING_SECONDS)
        begun, before = time.monotonic(), processor_seconds(gateway.pids)
        statements = _transactions(gateway.query)
        time.sleep(seconds)
        used = processor_seconds(gateway.pids) - before
        share = 100 * used / (time.monotonic() - begun)
        figures: dict[str, Figure] = {
            "percent_of_a_core": round(share, 3),
            "cpu_seconds": round(used, 3),
            "transactions_per_s": round((_transactions(gateway.query) - statements) / seconds, 2),
            "resident_mib": round(resident(gateway.pids), 1),
            "partners": PARTNERS,
            "seconds": seconds,
        }
    return Report("idle", figures, [Target(f"under {SHARE} % of one core ({share:.2f})", share < SHARE)])


def _transactions(query: Callable[[str], str]) -> int:
    """Committed and rolled back by anybody, our own look included."""
    return int(query("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"))
