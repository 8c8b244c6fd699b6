"""What one process does."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What one process does; any number of processes may share the roles."""

    API = "api"
    RELAY = "relay"
    DISPATCHER = "dispatcher"
    SCHEDULER = "scheduler"
    CONSOLE = "console"
    INTEGRATOR = "integrator"
