"""One page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list; ``next`` is the cursor of the following page, None at the end."""

    rows: tuple[T, ...]
    next: str | None = None
