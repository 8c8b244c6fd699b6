"""What adapters are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.options import CrossCheck, Table
from gateway.core.ids import Clock, Random
from gateway.core.ports.adapters import Adapter, Secrets
from gateway.core.ports.keys import Sealer
from gateway.core.ports.mailbox import Shelf


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything that some adapter needs; the composition root fills it once."""

    clock: Clock
    random: Random
    secrets: Secrets
    mailbox: Shelf
    sealer: Sealer
    folder_root: Path | None = None
    """Folders of partners must lie below it; None: anywhere."""
    restricted: bool = False
    """Approved algorithms only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One channel: how it is made and what its endpoints may say."""

    make: Callable[[Kit], Adapter]
    options: Table
    check: CrossCheck
