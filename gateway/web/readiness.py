"""One readiness check, asked within its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.core.errors import GatewayError

_log = structlog.get_logger()
OK = "ok"
Check = Callable[[], Awaitable[None]]
"""Raises an error of ours when what it looks at is not well."""
_CHECK_SECONDS = 2.0
"""A probe's own time-out is usually longer than this, so it sees which check hangs."""


async def state_of(name: str, check: Check) -> str:
    """``ok``, or the code of what is wrong. A defect in a check is a check that fails, and is logged as such."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except GatewayError as error:
        return error.problem
    except TimeoutError:
        return "timeout"
    except Exception as error:  # noqa: BLE001 - a probe must answer whatever a check does
        _log.error("readiness.defect", name=name, type=type(error).__name__)
        return "internal"
    return OK
