"""The Node that runs programs of npm: of the wheel that ``make assets`` installed, or the machine's."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path


def _found() -> str | None:
    """``make assets`` installs a wheel where the machine has no Node, or too old a one."""
    ours = Path(sysconfig.get_path("scripts")) / "node"
    return str(ours) if ours.exists() else shutil.which("node")


NODE = _found()
"""None: there is none."""
