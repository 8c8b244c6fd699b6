"""The consumer of one partner's queue, over as many connections as it takes."""

from __future__ import annotations

import asyncio

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aiormq.channel import Channel

from gateway.broker.announcement import decode
from gateway.broker.flight import Flight
from gateway.broker.translation import meaning
from gateway.core.model import PartnerKey
from gateway.core.ports.broker import Announcement, Take

log = structlog.get_logger(__name__)


class Subscription:
    """Feeds ``take`` from a queue. It has a channel of its own, so that a fault in one partner's consumer closes none
    of the others. Work in flight outlives a lost connection: its acknowledgement then fails, and the broker delivers
    the message again."""

    def __init__(self, partner: PartnerKey, queue: str, take: Take, prefetch: int) -> None:
        self.partner, self._queue_name = partner, queue
        self._take, self._prefetch = take, prefetch
        self._starting = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._queue: AbstractQueue | None = None
        self._tag = ""
        self._muted = False
        self.flight = Flight()

    async def start(self, connection: AbstractConnection) -> None:
        """Consume over this connection; the queue must exist. Idempotent while the channel is open."""
        async with self._starting:
            if self._muted:
                return
            if self._connection is connection and self._channel is not None and not self._channel.is_closed:
                return
            channel = await connection.channel(publisher_confirms=False)
            await channel.set_qos(prefetch_count=self._prefetch)
            self._connection, self._channel = connection, channel
            self._queue = await channel.get_queue(self._queue_name, ensure=False)
            self._tag = await self._queue.consume(self._receive)

    async def alive(self) -> bool:
        """Whether the channel is open, knows our consumer, and the broker counts one on the queue."""
        if self._channel is None or self._channel.is_closed:
            return False
        client = await self._channel.get_underlay_channel()
        if not isinstance(client, Channel) or self._tag not in client.consumers:
            return False
        state = await self._channel.declare_queue(self._queue_name, passive=True)
        return bool(state.declaration_result.consumer_count)

    async def pause(self) -> None:
        """Let go of the channel. What it pushed and nobody took goes back to the queue."""
        channel, self._channel, self._queue, self._connection = self._channel, None, None, None
        if channel is not None and not channel.is_closed:
            await channel.close()

    async def mute(self) -> None:
        """Receive nothing more, for good."""
        self._muted = True
        if self._queue is not None and self._channel is not None and not self._channel.is_closed:
            await self._queue.cancel(self._tag)

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        # A task of our own: the client cancels its callbacks when the connection goes.
        self.flight.start(self._serve(message))

    async def _serve(self, message: AbstractIncomingMessage) -> None:
        try:
            announcement = Announcement(self.partner, decode(message.body))
        except ValueError:
            log.warning("announcement.unreadable", partner=self.partner, size=len(message.body))
            await self._settle(message, accepted=False, again=False)
            return
        try:
            await self._take(announcement)
        except asyncio.CancelledError:
            # Not settled: the broker gives it to somebody else when this channel goes.
            raise
        except Exception as error:  # noqa: BLE001 - whatever a consumer raises gives the message back, by contract
            log.warning("announcement.returned", partner=self.partner, type=type(error).__name__)
            await self._settle(message, accepted=False, again=True)
        else:
            await self._settle(message, accepted=True, again=False)

    async def _settle(self, message: AbstractIncomingMessage, *, accepted: bool, again: bool) -> None:
        try:
            if accepted:
                await message.ack()
            else:
                # Rejected, not nacked: every version counts a rejection towards the delivery limit.
                await message.reject(requeue=again)
        except Exception as error:
            # The channel went meanwhile: the broker delivers the message again.
            if meaning(error) is None:
                raise
            log.info("announcement.unsettled", partner=self.partner)
