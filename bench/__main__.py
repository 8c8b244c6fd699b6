"""``python -m bench NAME [--json]``: run a benchmark. Exit code 1 only when a record was lost, refused or doubled."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

from bench import batch, formats, idle, online, rewrap, safeguards
from bench.report import Report, show

Run = Callable[[argparse.Namespace], Report]


def _online(options: argparse.Namespace) -> Report:
    load = online.Load(roles=tuple(options.role) or online.TWO_PROCESSES)
    load = online.Load(count=600, seconds=0, rounds=1, roles=load.roles) if options.quick else load
    return safeguards.run(options.without, load) if options.without else online.run(load)


def _rewrap(options: argparse.Namespace) -> Report:
    return rewrap.run(5_000 if options.quick else 100_000)


def _batch(options: argparse.Namespace) -> Report:
    sizes = (10_000,) if options.quick else (100_000, 400_000) if options.full else (100_000,)
    return batch.run(sizes, options.seed)


def _idle(options: argparse.Namespace) -> Report:
    return idle.run(10 if options.quick else 60)


def _formats(options: argparse.Namespace) -> Report:
    if options.quick:
        return formats.run(2_000, (10_000, 20_000), 2)
    return formats.run(20_000, (10_000, 1_000_000, *([TWO_GIGABYTES] if options.full else [])), 5)


TWO_GIGABYTES = 2_680_000
"""Records of a W-4 file of 2.1 GB."""
BENCHMARKS: Mapping[str, Run] = {
    "formats": _formats,
    "online": _online,
    "batch": _batch,
    "idle": _idle,
    "rewrap": _rewrap,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON line a benchmark")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--full", action="store_true", help="batch: 400,000 records too; formats: a file of 2 GB too")
    parser.add_argument("--seed", type=int, default=1, help="batch: seed of the synthetic people")
    parser.add_argument("--role", action="append", default=[], help="online: roles of one process; may be repeated")
    parser.add_argument("--without", choices=sorted(safeguards.SHARES), help="online: what does this safeguard cost?")
    options = parser.parse_args()
    chosen = BENCHMARKS if options.name == "all" else {options.name: BENCHMARKS[options.name]}
    faults = 0
    for run in chosen.values():
        report = run(options)
        show(report, as_json=options.json)
        faults += len(report.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
