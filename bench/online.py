"""Online: single-record posts from 64 concurrent callers, delivered by https one record a request.

The floor is ``handwritten.py``, which does far less. Both get the same load generator, count and concurrency, in turns,
so that the noise of the machine falls on both.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.floor import handwritten
from bench.report import Figure, Report, Target
from bench.resources import processor_seconds
from bench.site import Site, servers, site
from tests.servers.ports import free_port

TWO_PROCESSES = ("api,relay,console", "dispatcher,scheduler,integrator")
"""How online traffic is best served on two cores (docs/performance.md)."""
MARK = "TransactionSerialNumber>[0-9]{12}"
RATIO = 2.0
SENDERS = ("26", "48", "06", "36", "12", "17", "53", "41")
"""A state posts serial numbers once: each round has a sender of its own."""
TEMPLATE = Path(__file__).with_name("locate.xml")
PARTNER = """
[[partner]]
key = "{key}"
name = "Bench partner {key}"
role = "state"
program = "IV-D"
locators = ["{locator}"]
concurrency = 64
[partner.endpoint]
adapter = "https"
url = "http://127.0.0.1:{port}/in"
allow_http = true
allow_private = true
[partner.formats]
locate = "xml"
"""
AGREEMENT = """
[[agreement]]
key = "bench"
senders = [{senders}]
recipient = "receiver"
kinds = ["locate"]
legal_basis = "45 CFR 303.7"
valid_from = 2025-01-01
plain = true
"""


@dataclass(frozen=True, slots=True)
class Load:
    """How much, and in how many turns. ``roles``: one process for each."""

    count: int = 3_000
    seconds: float = 5.0
    """How long a turn of the floor takes at least, by more posts on a fast host: where 3,000 take a second and a half,
    its first and its last moments are a thirtieth of the turn."""
    concurrency: int = 64
    rounds: int = 7
    """Of each: the host's speed changes within seconds, and three turns say little of it."""
    roles: tuple[str, ...] = TWO_PROCESSES


@dataclass(frozen=True, slots=True)
class Turn:
    """What the load generator saw of one run, and the processor time that the server used for it."""

    accepted: int
    delivered: int
    duplicates: int
    delivered_per_s: float
    accepted_per_s: float
    p50_ms: float
    p99_ms: float
    processor_seconds: float

    def faults(self, who: str, wanted: int) -> Iterator[str]:
        if self.accepted != wanted:
            yield f"{who}: {wanted - self.accepted} posts were not accepted"
        if self.delivered != self.accepted:
            yield f"{who}: {self.accepted - self.delivered} accepted records were not delivered"
        if self.duplicates:
            yield f"{who}: {self.duplicates} records came twice"


def run(load: Load) -> Report:
    """The benchmark ``online``."""
    begun = time.monotonic()
    partner_port = free_port()
    with servers() as (cluster, node), site(cluster, node, "online", partners(partner_port)) as gateway:
        gateway.start(*load.roles)
        with handwritten(cluster, node, partner_port) as (floor_url, floor_pid):
            load = _lasting(load, _warm(gateway, floor_url, partner_port))
            floors, ours = [], []
            for sender in SENDERS[1 : load.rounds + 1]:
                floors.append(_post(load, floor_url, partner_port, [], [floor_pid]))
                ours.append(gateway_turn(gateway, load, partner_port, sender))
    return _report(load, floors, ours, time.monotonic() - begun)


def partners(port: int) -> str:
    """The partner file: one sender a round and one receiver."""
    parties = {f"sender-{locator}": locator for locator in SENDERS} | {"receiver": "39"}
    tables = [PARTNER.format(key=key, locator=locator, port=port) for key, locator in parties.items()]
    senders = ", ".join(f'"{key}"' for key in parties if key != "receiver")
    return "".join(tables) + AGREEMENT.format(senders=senders)


def record(locator: str) -> str:
    """A locate request of about 1.6 kB, whole as states send it; ``{n}`` is left for the load generator."""
    return TEMPLATE.read_text(encoding="utf-8").strip().replace("{state}", locator)


def _warm(gateway: Site, floor_url: str, port: int) -> Turn:
    """Connections, prepared statements and caches, on both sides; the floor's turn."""
    few = Load(count=400)
    floor = _post(few, floor_url, port, [], [])
    gateway_turn(gateway, few, port, SENDERS[0])
    return floor


def _lasting(load: Load, floor: Turn) -> Load:
    """With as many posts as the floor takes in the load's seconds at that pace, and no fewer than the load says."""
    return replace(load, count=max(load.count, round(floor.delivered_per_s * load.seconds)))


def gateway_turn(gateway: Site, load: Load, port: int, locator: str) -> Turn:
    """Posts of one sender, and what came of them."""
    body = gateway.home / f"record-{locator}.xml"
    body.write_text(record(locator), encoding="utf-8")
    headers = (
        f"Authorization: Bearer {gateway.key(f'sender-{locator}')}",
        "Content-Type: application/xml",
        'Idempotency-Key: "{key}"',
    )
    options = ["--body-file", str(body), "--mark", MARK]
    for header in headers:
        options += ["--header", header]
    return _post(load, f"{gateway.url}/v1/submissions", port, options, gateway.pids)


def _post(load: Load, url: str, port: int, options: Sequence[str], pids: Sequence[int]) -> Turn:
    before = processor_seconds(pids)
    command = [sys.executable, str(Path(__file__).with_name("load.py")), "--url", url, "--partner-port", str(port)]
    command += ["--count", str(load.count), "--concurrency", str(load.concurrency), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    seen = json.loads(done.stdout)
    spent = processor_seconds(pids) - before
    return Turn(
        accepted=seen["accepted"],
        delivered=seen["delivered"],
        duplicates=seen["duplicates"],
        delivered_per_s=seen["delivered_per_s"],
        accepted_per_s=seen["accepted_per_s"],
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        processor_seconds=spent,
    )


def _report(load: Load, floors: Sequence[Turn], ours: Sequence[Turn], seconds: float) -> Report:
    wanted = load.count
    floor, own = median(t.delivered_per_s for t in floors), median(t.delivered_per_s for t in ours)
    floor_p99, own_p99 = median(t.p99_ms for t in floors), median(t.p99_ms for t in ours)
    ratio = own / floor
    faults = [fault for turn in floors for fault in turn.faults("floor", wanted)]
    faults += [fault for turn in ours for fault in turn.faults("gateway", wanted)]
    figures: dict[str, Figure] = {
        "ratio": round(ratio, 2),
        "gateway_delivered_per_s": own,
        "floor_delivered_per_s": floor,
        "gateway_accepted_per_s": median(t.accepted_per_s for t in ours),
        "floor_accepted_per_s": median(t.accepted_per_s for t in floors),
        "gateway_p50_ms": median(t.p50_ms for t in ours),
        "floor_p50_ms": median(t.p50_ms for t in floors),
        "gateway_p99_ms": own_p99,
        "floor_p99_ms": floor_p99,
        "gateway_cpu_ms_a_record": round(1000 * sum(t.processor_seconds for t in ours) / wanted / len(ours), 3),
        "floor_cpu_ms_a_record": round(1000 * sum(t.processor_seconds for t in floors) / wanted / len(floors), 3),
        "gateway_turns": " ".join(str(t.delivered_per_s) for t in ours),
        "floor_turns": " ".join(str(t.delivered_per_s) for t in floors),
        "record_bytes": len(record(SENDERS[0])),
        "posts_a_turn": wanted,
        "concurrency": load.concurrency,
        "roles": " | ".join(load.roles),
        "seconds": round(seconds, 1),
    }
    targets = [
        Target(f"delivered per second: at least {RATIO} times the floor ({ratio:.2f})", ratio >= RATIO),
        Target(f"p99 below the floor's ({own_p99} against {floor_p99} ms)", own_p99 < floor_p99),
        Target("nothing lost, nothing twice", not faults),
    ]
    return Report("online", figures, targets, faults)
