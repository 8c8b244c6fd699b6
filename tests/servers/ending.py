"""How ends what processes of a test run share: by the run or, where it was killed, by a process that outlives it.

What is shared says in its note who runs (``pids``, each the first of its group), by which ``signal`` it ends, and which
``folder`` is then removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE = 10.0
"""Seconds that a server may take to end."""


def end_all(folder: Path) -> None:
    """End everything that has a note in the folder, and remove the folder."""
    for note in folder.glob("*.json"):
        end(json.loads(note.read_text()))
    shutil.rmtree(folder, ignore_errors=True)


def end(note: Mapping[str, Any]) -> None:
    for pid in note["pids"]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, note["signal"])
    await_end(Path(note["folder"]))
    shutil.rmtree(note["folder"], ignore_errors=True)


def await_end(folder: Path) -> None:
    """Return when no process works in the folder any more: children need a moment to notice that theirs is gone."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and _at_work_in(folder):
        time.sleep(0.05)


def guard(folder: Path) -> subprocess.Popen[bytes]:
    """A process that does nothing until this one has ended, however it ended, and then ends what is left."""
    command = [sys.executable, "-I", "-S", __file__, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _at_work_in(folder: Path) -> bool:
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(folder):
                return True
    return False


if __name__ == "__main__":
    sys.stdin.buffer.read()  # its other end is with the run alone
    end_all(Path(sys.argv[1]))
