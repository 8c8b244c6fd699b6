"""Port of the store for loops that wait: one question tells all of them whether anything lies there for them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Sign(StrEnum):
    """What a loop waits for."""

    DIRECTORY = "directory"
    """The version of partners and agreements: it grows."""
    REGISTER = "register"
    """The revision of the register of protected persons: it grows."""
    HEAD = "head"
    """The size of the newest checkpoint: it grows."""
    ENTRIES = "entries"
    """Audit entries without a number."""
    DUE = "due"
    """Deliveries that are to be announced."""
    EXPIRED = "expired"
    """Deliveries whose claim has run out."""
    GATHERING = "gathering"
    """Records that wait for their batch."""
    RECEIVED = "received"
    """Submissions that nobody is judging."""
    JOBS = "jobs"
    """Bulk jobs under way."""
    RECEIPTS = "receipts"
    """Submissions that signed receipts may be made of."""


GROWING = frozenset({Sign.DIRECTORY, Sign.REGISTER, Sign.HEAD})
"""Signs that are numbers of which a new one is news; any other is 1 while there is something to do, else 0."""


class Signs(Protocol):
    async def read(self, wanted: AbstractSet[Sign], now: datetime) -> Mapping[Sign, int]:
        """Each wanted sign as it is at one moment; nothing is locked or changed. Raises Unavailable."""
        ...
