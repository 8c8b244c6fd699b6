"""How much of a list is wanted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """How much of a list is wanted: at most ``limit`` rows (1 to 500) after ``cursor`` (None: from the start)."""

    limit: int = 50
    cursor: str | None = None
