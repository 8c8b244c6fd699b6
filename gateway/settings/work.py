"""The work behind the API: its processes, leases and patience."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gateway.settings.part import Part


class Work(Part):
    processes: int = Field(default=0, ge=0, le=64)
    """Worker processes for big files; 0: one fewer than cores, at least one."""
    lease_seconds: float = Field(default=300, gt=0)
    """How long after a dispatcher died another may take what it was working on; renewed while it lives."""
    announce_again_seconds: float = Field(default=60, gt=0)
    """A delivery that is still pending is announced again after this: its announcement may be lost."""
    shutdown_seconds: float = Field(default=10, ge=0)
    """How long running attempts, and steps of background work, may take to end when the process is asked to stop."""
    niceness: int = Field(default=5, ge=0, le=19)
    """By how much a process gives way to others (nice(2)) when it serves neither senders nor operators: nobody waits
    for it, and what it does in larger groups costs less. 0: not at all."""
    folder_root: Path | None = None
    """The folder adapter writes nowhere else; none: any directory that a partner file names."""
