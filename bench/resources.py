"""What processes use, read from /proc: resident memory and processor time, children included."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

MIB = 2**20
EVERY_SECONDS = 0.1


def family(roots: Iterable[int]) -> list[int]:
    """The processes and all their descendants that live now."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(_children(pid))
    return found


def _children(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, path.read_text(encoding="ascii").split())


def resident(roots: Iterable[int]) -> float:
    """MiB resident, summed over the family; pages that processes share count for each."""
    pages = 0
    for pid in family(roots):
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def processor_seconds(roots: Iterable[int]) -> float:
    """User and system time of the family so far, ended children included."""
    ticks = 0
    for pid in family(roots):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            ticks += sum(int(one) for one in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def executed_seconds(roots: Iterable[int]) -> float:
    """Time on a processor of the threads that live now, to the nanosecond: for processes that do next to nothing."""
    spent = 0
    for pid in family(roots):
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                spent += int(path.read_text(encoding="ascii").split()[0])
    return spent / 1e9


class Peak:
    """The highest resident memory while the block runs, looked at ten times a second."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.mib = 0.0
        self.parts: tuple[int, ...] = ()
        """MiB of each process at the peak."""

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            now = resident(self._roots)
            if now > self.mib:
                self.mib = now
                self.parts = tuple(round(_alone(pid)) for pid in family(self._roots))
            time.sleep(EVERY_SECONDS)


def _alone(pid: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB
    return 0.0
