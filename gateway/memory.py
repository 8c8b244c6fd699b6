"""How a process keeps memory: when Python's collector looks for cycles, how little the C library holds back, how much
it has and may have."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator
from pathlib import Path

COLLECT_AFTER = 20_000
"""Objects made and not freed until the collector looks at the young ones; Python's 700 suits short programs."""
COLLECT_OLDER_AFTER = 20
"""Looks at one generation until the next older one has its turn."""
ARENAS = 2
"""Heaps: threads here wait more than they compute, and each heap keeps its own holes."""
LARGE = 128 * 2**10
"""Bytes from which on a block is a mapping of its own, given back when it is freed; as much the end of a heap may keep.
Left alone, glibc raises both to the largest block that was ever freed: tens of megabytes after the first big body."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def give_back() -> None:
    """So that a big delivery leaves no trace once it is gone. Call it before threads start. Does nothing where the C
    library knows no ``mallopt``."""
    import ctypes  # noqa: PLC0415 - only processes that serve need it

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for option, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, LARGE)):
        mallopt(option, value)


def rare_collector() -> None:
    """Loading makes hundreds of thousands of objects that stay, and with Python's threshold the collector walks them
    again and again: a sixth of the time of loading everything. Call it before that."""
    gc.set_threshold(COLLECT_AFTER, COLLECT_OLDER_AFTER, COLLECT_OLDER_AFTER)


def calm_collector() -> None:
    """Schemas, layouts and rules stay for ever, so the collector need not walk them again; and what a request makes is
    freed without it, so it need not look after every few requests. Call it when the process is ready to work."""
    gc.collect()
    gc.freeze()
    rare_collector()


def leave_as_it_is() -> None:
    """What is left ends with the process: Python would walk all of it again before it ends, a serving process for
    seconds. Call it last."""
    gc.freeze()


CONTROL_GROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""What a container may have, as it sees it itself (control groups 2 and 1)."""
RESIDENT = Path("/proc/self/statm")


def resident() -> int:
    """Bytes that the process holds in memory; 0 where the system does not say."""
    try:
        pages = RESIDENT.read_bytes().split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def allowed() -> int:
    """Bytes that the process may have: of the machine, of its control group, of its own limit the least."""
    return min(_limits())


def _limits() -> Iterator[int]:
    yield os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    if own != resource.RLIM_INFINITY:
        yield own
    for file in CONTROL_GROUP:
        try:
            told = file.read_text().strip()
        except OSError:
            continue
        if told.isdecimal():
            yield int(told)
