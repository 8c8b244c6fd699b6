"""What a safeguard costs online: the whole gateway and one whose safeguard does nothing, in turns on one machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from statistics import median

from bench.online import SENDERS, Load, Turn, gateway_turn, partners
from bench.report import Figure, Report, Target
from bench.site import Site, servers, site
from tests.servers.ports import free_port

SHARES = {"sealing": 0.15, "audit": 0.10}
"""Of the throughput without it, what a safeguard may cost."""


def run(part: str, load: Load) -> Report:
    """The benchmark ``online --without PART``."""
    begun, port = time.monotonic(), free_port()
    with (
        servers() as (cluster, node),
        site(cluster, node, "whole", partners(port)) as whole,
        site(cluster, node, "lighter", partners(port)) as lighter,
    ):
        whole.start(*load.roles)
        lighter.start(*load.roles, program=[sys.executable, "-m", "bench.lighter", part])
        for one in (whole, lighter):
            gateway_turn(one, Load(count=200), port, SENDERS[0])
        with_it, without = _turns(load, port, whole, lighter)
    return _report(part, load, with_it, without, time.monotonic() - begun)


def _turns(load: Load, port: int, whole: Site, lighter: Site) -> tuple[list[Turn], list[Turn]]:
    with_it: list[Turn] = []
    without: list[Turn] = []
    for number, sender in enumerate(SENDERS[1 : load.rounds + 1]):
        pair = [(whole, with_it), (lighter, without)]
        for one, turns in pair if number % 2 == 0 else reversed(pair):
            turns.append(gateway_turn(one, load, port, sender))
    return with_it, without


def _report(part: str, load: Load, with_it: Sequence[Turn], without: Sequence[Turn], seconds: float) -> Report:
    rate, free = median(t.delivered_per_s for t in with_it), median(t.delivered_per_s for t in without)
    used, least = median(t.processor_seconds for t in with_it), median(t.processor_seconds for t in without)
    cost, share = 1 - rate / free, SHARES[part]
    faults = [fault for turn in with_it for fault in turn.faults("whole", load.count)]
    faults += [fault for turn in without for fault in turn.faults(f"without {part}", load.count)]
    figures: dict[str, Figure] = {
        "cost_of_throughput": round(cost, 3),
        "cost_of_processor_time": round(1 - least / used, 3),
        "with_delivered_per_s": rate,
        "without_delivered_per_s": free,
        "with_cpu_ms_a_record": round(1000 * used / load.count, 3),
        "without_cpu_ms_a_record": round(1000 * least / load.count, 3),
        "with_turns": " ".join(str(t.delivered_per_s) for t in with_it),
        "without_turns": " ".join(str(t.delivered_per_s) for t in without),
        "posts_a_turn": load.count,
        "roles": " | ".join(load.roles),
        "seconds": round(seconds, 1),
    }
    held = Target(f"{part} costs at most {share:.0%} of the throughput ({cost:.1%})", cost <= share)
    return Report(f"online without {part}", figures, [held, Target("nothing lost, nothing twice", not faults)], faults)
