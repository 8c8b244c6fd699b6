"""What a process asks of the kernel before it serves: room for many connections, no picture of its memory, and that
others go first for whom somebody waits."""

from __future__ import annotations

import ctypes
import os
import resource

DESCRIPTORS = 16_384
"""Open files that a serving process wants: the connections of all listeners, the database's and the partners'."""
_PR_SET_DUMPABLE = 4  # prctl.h of Linux


def raise_descriptors(wanted: int = DESCRIPTORS) -> int:
    """Raise the soft limit of open files towards ``wanted``, as far as the hard one lets; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def give_way(niceness: int) -> None:
    """Let other processes go first by so much (nice(2)) where there are too few cores; workers inherit it."""
    os.nice(niceness)


def keep_memory_private() -> None:
    """No core dump, and no other process of the same user that reads the memory: keys and opened records lie there."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
