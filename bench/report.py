"""What a benchmark found: figures, the targets they are held against, and the machine it ran on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

Figure = float | int | str
LIBRARIES = ("aiohttp", "aio-pika", "asyncpg", "sqlalchemy", "lxml", "cryptography", "uvloop")


def _machine() -> dict[str, Figure]:
    """Facts without which a figure means nothing. ``load`` is the average of the last minute, ours included."""
    found: dict[str, Figure] = {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    return found | {name: version(name) for name in LIBRARIES}


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


@dataclass(frozen=True, slots=True)
class Target:
    """One promise and whether it held. A missed one is told, never an exit code: machines differ."""

    text: str
    held: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one benchmark. ``faults`` are records lost, refused or doubled: they fail the run."""

    name: str
    figures: Mapping[str, Figure]
    targets: Sequence[Target]
    faults: Sequence[str] = ()
    machine: Mapping[str, Figure] = field(default_factory=_machine)


def show(report: Report, *, as_json: bool) -> None:
    """One JSON line, or a table to read."""
    if as_json:
        print(json.dumps(asdict(report)), flush=True)
        return
    print(f"\n{report.name}")
    width = max(map(len, (*report.figures, *report.machine)))
    for name, value in (*report.figures.items(), *report.machine.items()):
        print(f"  {name:<{width}}  {value:,}" if isinstance(value, int | float) else f"  {name:<{width}}  {value}")
    for target in report.targets:
        print(f"  {'held  ' if target.held else 'MISSED'}  {target.text}")
    for fault in report.faults:
        print(f"  FAULT   {fault}")
