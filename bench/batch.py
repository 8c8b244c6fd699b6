"""Batch: one W-4 file posted in one request, delivered as W-4 files of 10,000 records to a folder.

The floor is what the bytes alone cost: the same file split by a precompiled struct, each field stripped.
"""

from __future__ import annotations

import http.client
import json
import struct
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import hires
from bench.report import Figure, Report, Target
from bench.resources import Peak, processor_seconds, resident
from bench.site import ROOT, Site, servers, site

BATCH = 10_000
RATE = 4_000
MEMORY_MB = 200
"""Decimal megabytes, as the target has them; what is measured is in MiB."""
LINE = 802
"""A W-4 record and its line end."""
PATIENCE = 120.0
"""Seconds without a new file until the rest counts as lost."""
PARTNERS = f"""
[[partner]]
key = "ohio"
name = "Ohio"
role = "state"
program = "IV-D"
locators = ["39"]
body_limit_mib = 1024
[partner.endpoint]
adapter = "mailbox"
[partner.formats]
new-hire = "w4"

[[partner]]
key = "directory"
name = "National directory"
role = "directory"
program = "NDNH"
locators = ["NDNH"]
[partner.endpoint]
adapter = "folder"
directory = "{{home}}/out"
[partner.formats]
new-hire = "w4"
[partner.batching.new-hire]
mode = "count"
count = {BATCH}
limit = {BATCH}
age = "5s"

[[agreement]]
key = "hires"
senders = ["ohio"]
recipient = "directory"
kinds = ["new-hire"]
legal_basis = "42 USC 653a(g)(2)"
valid_from = 2025-01-01
plain = true
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """One file on its way through."""

    records: int
    seconds: float
    accepted_seconds: float
    judged_seconds: float
    idle_mib: float
    peak_mib: float
    peak_parts: tuple[int, ...]
    processor_seconds: float
    floor_seconds: float
    files: int
    missing: int
    foreign: int
    """Records that came twice or were never posted."""

    @property
    def rate(self) -> float:
        return self.records / self.seconds

    @property
    def growth_mib(self) -> float:
        return self.peak_mib - self.idle_mib

    def figures(self) -> dict[str, Figure]:
        name = f"{self.records // 1000}k"
        return {
            f"{name}_records_per_s": round(self.rate),
            f"{name}_seconds": round(self.seconds, 2),
            f"{name}_accepted_after_s": round(self.accepted_seconds, 2),
            f"{name}_judged_after_s": round(self.judged_seconds, 2),
            f"{name}_idle_mib": round(self.idle_mib, 1),
            f"{name}_peak_mib": round(self.peak_mib, 1),
            f"{name}_peak_mib_a_process": " + ".join(map(str, self.peak_parts)),
            f"{name}_growth_mib": round(self.growth_mib, 1),
            f"{name}_cpu_ms_a_record": round(1000 * self.processor_seconds / self.records, 3),
            f"{name}_floor_records_per_s": round(self.records / self.floor_seconds),
            f"{name}_ratio": round(self.floor_seconds / self.seconds, 4),
            f"{name}_files": self.files,
        }

    def targets(self) -> Iterator[Target]:
        name = f"{self.records:,} records"
        yield Target(f"{name}: at least {RATE} a second ({self.rate:.0f})", self.rate >= RATE)
        grown = self.growth_mib * 2**20 / 10**6
        yield Target(f"{name}: at most {MEMORY_MB} MB above idle ({grown:.0f})", grown <= MEMORY_MB)

    def faults(self) -> Iterator[str]:
        if self.missing:
            yield f"{self.missing} of {self.records} records did not arrive"
        if self.foreign:
            yield f"{self.foreign} records came twice or were never posted"


def run(sizes: Sequence[int], seed: int) -> Report:
    """The benchmark ``batch``, one gateway for each size."""
    begun = time.monotonic()
    passages = [_passage(size, seed) for size in sizes]
    figures: dict[str, Figure] = {}
    for passage in passages:
        figures |= passage.figures()
    figures |= {"batch": BATCH, "seed": seed, "total_seconds": round(time.monotonic() - begun, 1)}
    targets = [target for passage in passages for target in passage.targets()]
    faults = [fault for passage in passages for fault in passage.faults()]
    return Report("batch", figures, targets, faults)


def _passage(records: int, seed: int) -> Passage:
    with servers() as (cluster, node), site(cluster, node, f"batch{records}", PARTNERS) as gateway:
        file = gateway.home / "hires.w4"
        hires.write(file, records, seed)
        floor = _floor(file)
        token = gateway.key("ohio")
        gateway.start()
        time.sleep(3)
        idle, used = resident(gateway.pids), processor_seconds(gateway.pids)
        with Peak(gateway.pids) as peak:
            begun = time.monotonic()
            location = _post(gateway, file, token)
            accepted = time.monotonic() - begun
            done, judged = _await_files(gateway, records, location, token, begun)
        missing, foreign = _compare(file, gateway.home / "out")
        return Passage(
            records=records,
            seconds=done,
            accepted_seconds=accepted,
            judged_seconds=judged,
            idle_mib=idle,
            peak_mib=peak.mib,
            peak_parts=peak.parts,
            processor_seconds=processor_seconds(gateway.pids) - used,
            floor_seconds=floor,
            files=len(_files(gateway.home / "out")),
            missing=missing,
            foreign=foreign,
        )


def _post(gateway: Site, file: Path, token: str) -> str:
    """Post the file in one request; where its submission is. Raises RuntimeError when it is not accepted."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=600)
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": '"bench-batch"',
        "Content-Length": str(file.stat().st_size),
    }
    with file.open("rb") as body:
        connection.request("POST", "/v1/submissions?format=w4", body, headers)
        answer = connection.getresponse()
        text = answer.read()
    connection.close()
    if answer.status != 202:
        raise RuntimeError(f"the file was answered with {answer.status}: {text[:500]!r}")
    return answer.headers["Location"]


def _state(gateway: Site, location: str, token: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.request("GET", location, headers={"Authorization": f"Bearer {token}"})
    found = json.loads(connection.getresponse().read())
    connection.close()
    return str(found.get("state"))


def _await_files(gateway: Site, records: int, location: str, token: str, begun: float) -> tuple[float, float]:
    """Seconds from ``begun`` to the last file and to the end of the judgement."""
    folder, arrived, last, judged = gateway.home / "out", 0, time.monotonic(), 0.0
    while arrived < records and time.monotonic() - last < PATIENCE:
        time.sleep(0.1)
        if not judged and _state(gateway, location, token) != "received":
            judged = time.monotonic() - begun
        now = sum(path.stat().st_size // LINE - 1 for path in _files(folder))
        if now > arrived:
            arrived, last = now, time.monotonic()
    return last - begun, judged


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _compare(posted: Path, folder: Path) -> tuple[int, int]:
    """How many posted records did not arrive, and how many arrived that were not posted or came already."""
    owed = Counter(map(hash, _records(posted)))
    owed.subtract(hash(line) for path in _files(folder) for line in _records(path))
    return sum(n for n in owed.values() if n > 0), -sum(n for n in owed.values() if n < 0)


def _records(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"W4"):
                yield line


def _floor(file: Path) -> float:
    """Seconds to split and strip the file's fields."""
    layout = tomllib.loads((ROOT / "schemas" / "layouts" / "w4-data.toml").read_text(encoding="utf-8"))
    split = struct.Struct("".join(f"{field['length']}s" for field in layout["field"]) + "1x")
    begun = time.perf_counter()
    with file.open("rb") as source:
        source.readline()
        while piece := source.read(LINE * 1_000):
            for fields in split.iter_unpack(piece):
                [field.rstrip() for field in fields]
    return time.perf_counter() - begun
