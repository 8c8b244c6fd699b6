"""Where the suite writes: to memory, where there is room for it.

No test cuts the power, and what a killed process wrote is there as well. Cloning a database for a test takes a
tenth of the time there that it takes on a disk. Where durability is measured, a disk is written to.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SHARED = Path("/dev/shm")  # noqa: S108 - Linux mounts it; folders in it get names that nobody can foretell
DISK = Path("/var/tmp")  # noqa: S108 - as above
"""What outlives the machine."""
ROOM = 4 * 2**30
"""Bytes that have to be free: four times what a run takes."""
FOLDER = "TMPDIR"


def write_to_memory() -> None:
    """For this process and those that it starts, unless somebody has said where to write, or figures are wanted."""
    if FOLDER not in os.environ and os.environ.get("GATEWAY_ASSURE") != "night" and _has_room(SHARED):
        os.environ[FOLDER] = str(SHARED)
        tempfile.tempdir = None


def _has_room(folder: Path) -> bool:
    """Containers often have but a little of it, in which no program may be run."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
