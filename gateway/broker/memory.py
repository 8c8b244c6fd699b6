"""The embedded broker: the contract of :class:`gateway.core.ports.broker.Broker` within one process.

Nothing survives the process, and nothing needs to: the store is the truth, and the relay announces again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from gateway.broker.announcement import refuse_too_many
from gateway.broker.flight import Flight
from gateway.broker.topology import Naming
from gateway.core.errors import Unavailable
from gateway.core.model import PartnerKey
from gateway.core.ports.broker import Announcement, QueueDepth, Take

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Message:
    announcement: Announcement
    returned: int = 0
    """How often a consumer gave it back."""


class _Queue:
    """One partner's messages, and who consumes them."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[_Message] = asyncio.Queue()
        self.flight = Flight()
        self.pump: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Take no further message."""
        pump, self.pump = self.pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)


class MemoryBroker:
    """A Broker without a server. ``delivery_limit`` and ``prefetch`` mean what they mean on RabbitMQ."""

    def __init__(self, *, naming: Naming | None = None, delivery_limit: int = 5, prefetch: int = 4) -> None:
        self._naming = naming or Naming()
        self._limit, self._prefetch = delivery_limit, prefetch
        self._queues: dict[PartnerKey, _Queue] = {}
        self._dead: list[Announcement] = []
        self._open = False

    @property
    def connected(self) -> bool:
        return self._open

    @property
    def dead(self) -> Sequence[Announcement]:
        """What came back too often, oldest first."""
        return tuple(self._dead)

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        """Work in flight is called off; :meth:`cancel` before it lets it finish."""
        self._open = False
        for queue in self._queues.values():
            await queue.stop()
            await queue.flight.stop()

    async def declare(self, partners: Sequence[PartnerKey]) -> None:
        self._refuse_when_closed()
        for partner in partners:
            self._naming.queue(partner)
            self._queues.setdefault(partner, _Queue())

    async def publish(self, announcements: Sequence[Announcement]) -> None:
        for announcement in announcements:
            refuse_too_many(announcement.deliveries)
        self._refuse_when_closed()
        for announcement in announcements:
            if announcement.partner not in self._queues:
                raise Unavailable("a partner's queue is missing on the broker", code="broker-queue-missing")
        for announcement in announcements:
            self._queues[announcement.partner].waiting.put_nowait(_Message(announcement))

    async def consume(self, partner: PartnerKey, take: Take) -> None:
        await self.declare([partner])
        queue = self._queues[partner]
        if queue.pump is None:
            queue.pump = asyncio.create_task(self._pump(queue, take))

    async def cancel(self, partner: PartnerKey) -> None:
        """Stop to consume; returns when the work in flight has ended."""
        queue = self._queues.get(partner)
        if queue is not None:
            await queue.stop()
            await queue.flight.finish()

    async def depths(self) -> Sequence[QueueDepth]:
        self._refuse_when_closed()
        partners = [
            QueueDepth(
                self._naming.queue(partner),
                partner,
                queue.waiting.qsize(),
                len(queue.flight),
                0 if queue.pump is None else 1,
            )
            for partner, queue in sorted(self._queues.items())
        ]
        return (QueueDepth(self._naming.dead, None, len(self._dead), 0, 0), *partners)

    def _refuse_when_closed(self) -> None:
        if not self._open:
            raise Unavailable("the broker is not connected", code="broker-disconnected")

    async def _pump(self, queue: _Queue, take: Take) -> None:
        # As many messages at a time as RabbitMQ would push without an acknowledgement.
        slots = asyncio.Semaphore(self._prefetch)
        while True:
            await slots.acquire()
            message = await queue.waiting.get()
            queue.flight.start(self._work(queue, message, take)).add_done_callback(lambda _: slots.release())

    async def _work(self, queue: _Queue, message: _Message, take: Take) -> None:
        try:
            await take(message.announcement)
        except asyncio.CancelledError:
            self._give_back(queue, message)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a consumer raises gives the message back, by contract
            self._give_back(queue, message)  # before anything else can fail
            log.warning("announcement.returned", partner=message.announcement.partner, type=type(error).__name__)

    def _give_back(self, queue: _Queue, message: _Message) -> None:
        if message.returned >= self._limit:
            self._dead.append(message.announcement)
        else:
            queue.waiting.put_nowait(_Message(message.announcement, message.returned + 1))
