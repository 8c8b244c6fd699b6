"""How a process keeps memory: when Python's collector looks for cycles, and how little the C library holds back."""

from __future__ import annotations

import ctypes
import gc

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
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for option, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, LARGE)):
        mallopt(option, value)


def calm_collector() -> None:
    """Schemas, layouts and rules stay for ever, so the collector need not walk them again; and what a request makes is
    freed without it, so it need not look after every few requests. Call it when the process is ready to work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, COLLECT_OLDER_AFTER, COLLECT_OLDER_AFTER)
