"""Formats: what one core makes of W-4 and CSENet records, against the floor of the same bytes.

Then the offline validator over a short and a very long file, whose memory must not differ.

The floor is what the bytes alone cost: split by a precompiled struct, each field stripped, nothing more. Floor, reading
(cut, decode, facts, rules, canonical document) and writing (canonical document, encode) take turns on the same bytes in
the same run, and each is measured by its best turn. Time is processor time, because other work may share the machine.
"""

from __future__ import annotations

import gc
import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from bench import hires
from bench.report import Figure, Report, Target
from bench.site import ROOT
from gateway.core.catalog import Catalog, Layout
from gateway.core.model import Content, FormatName
from gateway.memory import calm_collector
from gateway.sample.files import Sample, Wanted
from gateway.tools import Speech, speech

PIECE = 2**20
SLICE = 1_000
"""Records written in one file."""
DAY = date(2026, 3, 3)
W4_LEAST, CSENET_LEAST = 0.15, 0.10
"""Of the floor, for reading and for writing."""
CSENET_SHARE = 3
"""One CSENet transaction for so many W-4 records: it takes as much longer."""
GROWTH_MIB = 60
REPEATED = 10_000
LINE = 802
"""A W-4 record and its line end."""
COMMAND = """
import atexit, sys
from pathlib import Path

def tell_peak():
    status = Path("/proc/self/status").read_text()
    print(next(line for line in status.splitlines() if line.startswith("VmHWM")), file=sys.stderr)

atexit.register(tell_peak)
from gateway.cli import main
main()
"""
"""The command, and in the end its peak of resident memory. That of ``getrusage`` would be ours where ours is higher:
a process inherits it from the one that started it."""

Strip = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of processor time for all records, the best of some turns each."""

    name: str
    records: int
    size: int
    floor: float
    decode: float
    judged: float
    """Decoding, facts, rules and the canonical document."""
    checked: float
    """The same and the schema."""
    encode: float
    """Contents to bytes."""
    delivered: float
    """Canonical documents to bytes."""

    def figures(self) -> dict[str, Figure]:
        parts = {
            "floor": self.floor,
            "decode": self.decode,
            "read": self.judged,
            "read_and_schema": self.checked,
            "write": self.encode,
            "open_and_write": self.delivered,
        }
        each = {f"{self.name}_{part}_us": round(1e6 * s / self.records, 2) for part, s in parts.items()}
        return {
            f"{self.name}_records": self.records,
            f"{self.name}_bytes_a_record": round(self.size / self.records),
            **each,
            f"{self.name}_read_ratio": round(self.floor / self.judged, 3),
            f"{self.name}_write_ratio": round(self.floor / self.encode, 3),
        }

    def targets(self, least: float) -> Iterator[Target]:
        for part, seconds in (("reading", self.judged), ("writing", self.encode)):
            ratio = self.floor / seconds
            yield Target(f"{self.name}: {part} at least {least} of the floor ({ratio:.3f})", ratio >= least)


class Course:
    """One format over one body; every part does the same records."""

    def __init__(self, spoken: Speech, name: str, body: bytes) -> None:
        self._spoken = spoken
        self._name = FormatName(name)
        self.body = body

    @cached_property
    def documents(self) -> list[bytes]:
        """The canonical documents of all records."""
        return list(self._documents())

    @cached_property
    def contents(self) -> list[Content]:
        return [self._spoken.canonical.read(document) for document in self.documents]

    def decode(self) -> None:
        format_ = self._spoken.formats[self._name]
        reader = format_.reader()
        for start in range(0, len(self.body), PIECE):
            for frame in reader.feed(self.body[start : start + PIECE]):
                format_.decode(frame, reader.heading)
        for frame in reader.finish():
            format_.decode(frame, reader.heading)

    def judge(self) -> None:
        for _ in self._documents():
            pass

    def check(self) -> None:
        for ordinal, document in enumerate(self._documents(), 1):
            if self._spoken.canonical.validate(document, ordinal):
                raise RuntimeError(f"{self._name}: record {ordinal} does not keep to its schema")

    def encode(self) -> None:
        self._encode(self.contents)

    def open_and_encode(self) -> None:
        """As a delivery does: from the canonical documents."""
        self._encode([self._spoken.canonical.read(document) for document in self.documents])

    def _encode(self, contents: Sequence[Content]) -> None:
        format_ = self._spoken.formats[self._name]
        for start in range(0, len(contents), SLICE):
            if format_.encode(contents[start : start + SLICE], hires.COVER).findings:
                raise RuntimeError(f"{self._name}: a record cannot be written again")

    def _documents(self) -> Iterator[bytes]:
        """Every record as its canonical document, decoded and judged. RuntimeError when one is refused."""
        format_, canonical, rules = self._spoken.formats[self._name], self._spoken.canonical, self._spoken.rules
        reader = format_.reader()
        starts = range(0, len(self.body), PIECE)
        pieces = (reader.feed(self.body[start : start + PIECE]) for start in starts)
        for frames in (*pieces, reader.finish()):
            for frame in frames:
                content = format_.decode(frame, reader.heading).content
                if content is None:
                    raise RuntimeError(f"{self._name}: record {frame.ordinal} cannot be read")
                facts = canonical.facts(content)
                found = rules.judge(content, facts, self._name, frame.ordinal, DAY)
                if found and any(finding.severity.blocks for finding in found):
                    raise RuntimeError(f"{self._name}: record {frame.ordinal} breaks {found[0].rule}")
                yield canonical.write(content)


def _turns(parts: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """The best time of each part, the parts by turns; what each leaves behind is collected outside its time.
    Python's collector is set as in every process that judges files."""
    calm_collector()
    best = [float("inf")] * len(parts)
    for _ in range(rounds):
        for number, part in enumerate(parts):
            gc.collect()
            begun = time.process_time()
            part()
            best[number] = min(best[number], time.process_time() - begun)
    return best


def _measured(course: Course, name: str, records: int, strip: Strip, rounds: int) -> Measured:
    _ = course.contents
    body = course.body
    parts = (lambda: strip(body), course.decode, course.judge, course.check, course.encode, course.open_and_encode)
    return Measured(name, records, len(body), *_turns(parts, rounds))


def _pattern(layout: Layout) -> str:
    return "".join(f"{field.length}s" for field in layout.fields)


def _w4_floor(catalog: Catalog) -> Strip:
    split = struct.Struct(_pattern(catalog.layouts["w4-data"]) + "1x")

    def strip(body: bytes) -> None:
        for fields in split.iter_unpack(memoryview(body)[split.size :]):
            [field.rstrip() for field in fields]

    return strip


def _csenet_floor(catalog: Catalog) -> Strip:
    """A struct for each combination of counts, made at its first use and kept."""
    header, *blocks = (catalog.layouts[name] for name in catalog.sequences[FormatName("csenet")])
    counts = {f.constant: f.start - 1 for f in header.fields if f.picture == "count"}
    splits: dict[bytes, struct.Struct] = {}
    places = [(counts[layout.block or ""], _pattern(layout)) for layout in blocks]
    first, last = min(counts.values()), max(counts.values()) + 1

    def made(line: bytes) -> struct.Struct:
        tail = "".join(pattern * int(line[at : at + 1]) for at, pattern in places)
        return struct.Struct(_pattern(header) + tail)

    def strip(body: bytes) -> None:
        for line in body.split(b"\r")[:-1]:
            key = line[first:last]
            split = splits.get(key)
            if split is None:
                split = splits[key] = made(line)
            [field.rstrip() for field in split.unpack(line)]

    return strip


def _measure(spoken: Speech, folder: Path, records: int, rounds: int) -> Iterator[tuple[Measured, float]]:
    """W-4 and CSENet, each with the least that it promises."""
    file = folder / "hires.w4"
    hires.write(file, records, seed=1)
    body = file.read_bytes()
    w4 = Course(spoken, "w4", body)
    yield _measured(w4, "w4", records, _w4_floor(spoken.catalog), rounds), W4_LEAST
    fewer = records // CSENET_SHARE
    body = b"".join(Sample(spoken, Wanted(FormatName("csenet"), fewer, 1)).pieces())
    csenet = Course(spoken, "csenet-out", body)
    yield _measured(csenet, "csenet", fewer, _csenet_floor(spoken.catalog), rounds), CSENET_LEAST


# --- the validator ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validation:
    """One file through ``gateway validate``, as its user sees it."""

    records: int
    found: int
    """Records that the validator says it has seen."""
    refused: int
    seconds: float
    processor_seconds: float
    peak_mib: float

    def figures(self) -> dict[str, Figure]:
        name = f"validate_{self.records}"
        return {
            f"{name}_seconds": round(self.seconds, 1),
            f"{name}_cpu_us_a_record": round(1e6 * self.processor_seconds / self.records, 1),
            f"{name}_peak_mib": round(self.peak_mib, 1),
        }

    def faults(self) -> Iterator[str]:
        if (self.found, self.refused) != (self.records, 0):
            yield f"of {self.records} good records {self.found} were seen and {self.refused} refused"


def _long_file(folder: Path, records: int) -> Path:
    """A W-4 file of so many records, those of a shorter one over and over: the validator keeps none of them."""
    part, file = folder / "part.w4", folder / f"{records}.w4"
    hires.write(part, min(records, REPEATED), seed=1)
    header, _, data = part.read_bytes().partition(b"\n")
    whole, rest = divmod(records, REPEATED)
    with file.open("wb") as out:
        out.write(header + b"\n")
        for _ in range(whole):
            out.write(data)
        out.write(data[: rest * LINE])
    return file


def _validated(file: Path, records: int) -> Validation:
    begun, before = time.monotonic(), _children_seconds()
    command = [sys.executable, "-c", COMMAND, "validate", str(file), "--format", "w4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    seconds, busy = time.monotonic() - begun, _children_seconds() - before
    found = json.loads(done.stdout)["files"][0]
    peak = int(next(line.split()[1] for line in done.stderr.splitlines() if line.startswith("VmHWM")))
    return Validation(records, found["records"], found["refused"], seconds, busy, peak / 1024)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(records: int, sizes: Sequence[int], rounds: int) -> Report:
    """The benchmark ``formats``: ratios over so many records, then the validator over files of ``sizes`` records."""
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for measured, least in _measure(speech(), folder, records, rounds):
            figures |= measured.figures()
            targets += measured.targets(least)
        validations = []
        for size in sizes:
            file = _long_file(folder, size)
            validations.append(_validated(file, size))
            file.unlink()
    for one in validations:
        figures |= one.figures()
    grown = validations[-1].peak_mib - validations[0].peak_mib
    text = f"validate: {sizes[-1]:,} records take at most {GROWTH_MIB} MiB more than {sizes[0]:,} ({grown:.0f})"
    targets.append(Target(text, grown <= GROWTH_MIB))
    return Report("formats", figures, targets, [fault for one in validations for fault in one.faults()])
