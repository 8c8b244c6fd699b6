"""What is told of the keys: their life and their end, never their material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key as people see it."""

    id: str
    use: str
    label: str
    state: str
    place: str
    since: datetime
    """When it came into its state."""
    ends_at: datetime | None
    """When an active key is to be replaced; None for others."""
    days: int | None
    """Until then, rounded down; negative when that is past."""
    alone: bool
    """Whether the scheduler replaces it by itself."""
    attention: str = ""
    """What a person should do about it, if anything."""


KeyReport = Callable[[], tuple[KeyLine, ...]]
"""All keys as they are now, oldest first."""


def no_keys() -> tuple[KeyLine, ...]:
    """For those that show no keys."""
    return ()
