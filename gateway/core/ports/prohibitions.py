"""Port of answers that were kept back because of danger, and of whose requesters nobody has told that yet."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Protocol

from gateway.core.model import Kind, RecordId

TOLD = "prohibited-"
"""What the idempotency key of the submission that tells it begins with; the record's id follows."""


class Prohibitions(Protocol):
    async def untold(self, kinds: AbstractSet[Kind], after: RecordId, limit: int) -> tuple[RecordId, ...]:
        """Records of these kinds with ids above ``after``, oldest first, that were withheld because of danger when they
        were judged or about to leave, and about which their sender has no submission under :data:`TOLD`."""
        ...
