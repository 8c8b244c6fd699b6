"""Port of the backbone: it wakes dispatchers with delivery ids. Losing it loses nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.model import DeliveryId, PartnerKey


@dataclass(frozen=True, slots=True)
class Announcement:
    """Deliveries of one partner that are due: ids only, at most 500 of them."""

    partner: PartnerKey
    deliveries: tuple[DeliveryId, ...]


@dataclass(frozen=True, slots=True)
class QueueDepth:
    queue: str
    partner: PartnerKey | None
    ready: int
    unacknowledged: int
    consumers: int


Take = Callable[[Announcement], Awaitable[None]]
"""Called for each announcement. Returning acknowledges it; raising gives it back (counted by the broker's limit)."""


class Broker(Protocol):
    """At least once, no order promised, no bodies. Every method may raise Unavailable."""

    async def open(self) -> None:
        """Connect and stay connected: reconnects by itself until :meth:`close`."""
        ...

    async def close(self) -> None: ...

    async def declare(self, partners: Sequence[PartnerKey]) -> None:
        """Make sure that the topology and these partners' queues exist. Idempotent. Raises Misconfigured when the
        broker holds something of the same name with other arguments."""
        ...

    async def publish(self, announcements: Sequence[Announcement]) -> None:
        """Returns only when the broker has confirmed every one of them (mandatory: a missing queue is an error)."""
        ...

    async def consume(self, partner: PartnerKey, take: Take) -> None:
        """Start to consume the partner's queue; survives reconnects; idempotent for each partner."""
        ...

    async def cancel(self, partner: PartnerKey) -> None: ...

    async def depths(self) -> Sequence[QueueDepth]: ...

    @property
    def connected(self) -> bool: ...
