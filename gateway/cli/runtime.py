"""How a serving process runs its event loop and when Python's collector looks for cycles."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

COLLECT_AFTER = 20_000
"""Objects made and not freed until the collector looks at the young ones; Python's 700 suits short programs."""
COLLECT_OLDER_AFTER = 20
"""Looks at one generation until the next older one has its turn."""


def event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed (the extra ``speed``), else None: asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return uvloop.new_event_loop


def calm_collector() -> None:
    """Schemas, layouts and rules stay for ever, so the collector need not walk them again; and what a request makes is
    freed without it, so it need not look after every few requests. Call it when the process is ready to serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, COLLECT_OLDER_AFTER, COLLECT_OLDER_AFTER)
