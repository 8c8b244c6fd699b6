"""How commands reach the gateway's own parts (store, keys) on this machine."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gateway.core.model import Actor

if TYPE_CHECKING:
    from gateway.foundation import Foundation
    from gateway.settings import Settings

T = TypeVar("T")
_chosen: list[Path] = []
"""The settings file named by ``--config``: the one option that stands before every command."""


def choose(file: Path | None) -> None:
    """None: whatever the place says where the command runs."""
    _chosen[:] = [] if file is None else [file]


def settings() -> Settings:
    from gateway.settings import load  # noqa: PLC0415 - pydantic costs 90 ms that --help must not pay

    return load(_chosen[0] if _chosen else None)


def account() -> str:
    """The name of whoever is logged in on this machine; in a container whose user has no name, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError from Python 3.13 on
        return f"uid-{os.getuid()}"


def actor() -> Actor:
    """The person at this machine, for the audit log."""
    return Actor("operator", f"{account()}@cli")


def on_foundation(work: Callable[[Foundation], Awaitable[T]]) -> T:
    """Run ``work`` on an opened foundation."""
    from gateway.foundation import foundation  # noqa: PLC0415 - as above
    from gateway.telemetry import configure_logs  # noqa: PLC0415 - as above

    async def opened() -> T:
        async with foundation(settings()) as base:
            return await work(base)

    configure_logs(json=False, level=logging.WARNING)
    return asyncio.run(opened())
