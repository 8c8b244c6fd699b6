"""Port of time stamps: which checkpoints an authority outside has stamped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stamp:
    size: int
    """Entries of the checkpoint that was stamped."""
    at: datetime
    """The time that the authority told."""
    note: str = field(repr=False)
    """The signed note exactly as it was stamped; signatures of witnesses may have come to it since."""
    token: bytes = field(repr=False)
    """The authority's answer, DER (RFC 3161, TimeStampResp)."""


class Stamps(Protocol):
    async def add(self, stamp: Stamp) -> None:
        """The first stamp of a size stays."""
        ...

    async def get(self, size: int) -> Stamp | None: ...

    async def newest(self, limit: int) -> tuple[Stamp, ...]:
        """The largest sizes first."""
        ...
