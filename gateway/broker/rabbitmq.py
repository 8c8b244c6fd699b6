"""The backbone on RabbitMQ 3.10 or later: confirms, ``mandatory``, time-outs and a watchdog over aio-pika.

Two connections: a broker that blocks publishers (memory or disk alarm) must still take our acknowledgements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import timedelta

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import ChannelNotFoundEntity

from gateway.broker import declaration
from gateway.broker.announcement import CONTENT_TYPE, EVENT_TYPE, encode, headers
from gateway.broker.link import Link
from gateway.broker.settings import RabbitSettings
from gateway.broker.subscription import Subscription
from gateway.broker.topology import Difference, Topology, topology
from gateway.broker.translation import translated
from gateway.core.audit_entry import timestamp
from gateway.core.errors import GatewayError, Misconfigured, Unavailable
from gateway.core.ids import Clock, Mint
from gateway.core.model import PartnerKey
from gateway.core.ports.broker import Announcement, QueueDepth, Take

log = structlog.get_logger(__name__)

QUEUE_PATIENCE = timedelta(milliseconds=200)
"""Making a quorum queue takes tens of milliseconds on an idle node."""
_SUSPECT = frozenset({"broker-timeout", "broker-disconnected", "broker-blocked"})
_AT_ONCE = 0.05
"""Seconds within which who need not wait is told."""


class RabbitBroker:
    """The port ``Broker`` over AMQP 0-9-1.

    ``open`` returns after the first try and goes on trying in the background; until a connection stands, ``publish``,
    ``declare`` and ``depths`` raise Unavailable at once. What was declared and consumed is declared and consumed again
    on every new connection, also on a broker that lost its data.
    """

    _mandatory = True  # A control test switches it off to show that messages would be lost.

    def __init__(self, settings: RabbitSettings, clock: Clock, mint: Mint) -> None:
        self._settings, self._clock, self._mint = settings, clock, mint
        self._partners: set[PartnerKey] = set()
        self._subscriptions: dict[PartnerKey, Subscription] = {}
        self._exchange: AbstractExchange | None = None
        self._channel: AbstractChannel | None = None
        self._publishing = Link("publisher", settings, self._prepare_publisher, self._check_publisher)
        self._consuming = Link("consumer", settings, self._prepare_consumers, self._check_consumers)

    @property
    def connected(self) -> bool:
        return self._publishing.up and (self._consuming.up or not self._subscriptions)

    async def open(self) -> None:
        await self._publishing.open()

    async def close(self) -> None:
        """Work in flight is called off and comes back later; :meth:`cancel` before it lets it finish."""
        subscriptions = tuple(self._subscriptions.values())
        self._subscriptions.clear()
        # The connection first: while it stands, messages begin new work.
        await self._consuming.close()
        for subscription in subscriptions:
            await subscription.flight.stop()
        await self._publishing.close()

    async def declare(self, partners: Sequence[PartnerKey]) -> None:
        """While there is no connection it raises Unavailable, is remembered, and happens with the next one."""
        wanted, known = self._topology(partners), frozenset(self._partners)
        self._partners.update(partners)
        try:
            await self._administer(self._publishing, wanted)
        except Misconfigured:
            # What the broker refuses once would keep every later connection from coming up.
            self._partners.intersection_update(known)
            raise

    async def diff(self, partners: Sequence[PartnerKey]) -> Sequence[Difference]:
        """What :meth:`declare` would have to make, and what it would be refused; changes nothing that exists."""
        wanted = self._topology(partners)
        with translated():
            async with self._patience(len(wanted.queues)):
                return await declaration.compare(self._publishing.connection, wanted)

    async def publish(self, announcements: Sequence[Announcement]) -> None:
        messages = [(one.partner, self._message(one)) for one in announcements]
        exchange = self._exchange
        if exchange is None or not self._publishing.up:
            raise Unavailable("the broker is not connected", code="broker-disconnected")
        try:
            with translated():
                async with asyncio.timeout(self._settings.publish_timeout.total_seconds()):
                    await self._publish(exchange, messages)
        except Unavailable as error:
            if error.problem in _SUSPECT:
                # A connection that swallows publishes, or a channel that the broker closed, does not heal by itself.
                blocked = await self._blocked()
                self._publishing.drop()
                if blocked:
                    raise Unavailable(
                        "the broker takes nothing, because its memory or its disk is short", code="broker-blocked"
                    ) from None
            raise

    async def consume(self, partner: PartnerKey, take: Take) -> None:
        """While there is no connection it is only noted, and begins with the next one."""
        if partner in self._subscriptions:
            return
        wanted = self._topology([partner])
        queue = self._settings.naming.queue(partner)
        subscription = self._subscriptions[partner] = Subscription(partner, queue, take, self._settings.prefetch)
        try:
            await self._consuming.open()
            await self._administer(self._consuming, wanted)
            with translated():
                async with self._patience():
                    await subscription.start(self._consuming.connection)
        except Misconfigured:
            del self._subscriptions[partner]
            raise
        except Unavailable:
            log.info("consumer.waits", partner=partner)
        self._partners.add(partner)

    async def cancel(self, partner: PartnerKey) -> None:
        """Stop to consume; returns when the work in flight has ended."""
        subscription = self._subscriptions.pop(partner, None)
        if subscription is not None:
            await self._patiently(subscription.mute())
            await subscription.flight.finish()
            await self._patiently(subscription.pause())

    async def _patiently(self, farewell: Awaitable[None]) -> None:
        """What ends a consumer may fail: the broker then ends it itself, when the channel or the connection goes."""
        try:
            with translated():
                async with self._patience():
                    await farewell
        except GatewayError as error:
            log.info("consumer.lost", code=error.problem)

    async def depths(self) -> Sequence[QueueDepth]:
        """Of the declared queues that exist. AMQP does not tell how many messages are out with consumers:
        ``unacknowledged`` counts those of this process."""
        connection = self._publishing.connection
        found: list[QueueDepth] = []
        queues = self._topology(self._partners).queues
        with translated():
            async with self._patience(len(queues)):
                for queue in queues:
                    if counts := await _counts(connection, queue.name):
                        held = self._subscriptions.get(queue.partner) if queue.partner else None
                        found.append(
                            QueueDepth(queue.name, queue.partner, counts[0], len(held.flight) if held else 0, counts[1])
                        )
        return tuple(found)

    # --- publishing --------------------------------------------------------------------------------------------------

    async def _prepare_publisher(self, connection: AbstractConnection) -> None:
        wanted = self._topology(self._partners)
        async with self._patience(len(wanted.queues)):
            await declaration.apply(connection, wanted)
            self._channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            self._exchange = await self._channel.get_exchange(self._settings.naming.deliver, ensure=False)

    async def _check_publisher(self, _connection: AbstractConnection) -> None:
        if self._channel is None or self._channel.is_closed:
            raise Unavailable("the publishing channel is closed", code="broker-disconnected")

    async def _publish(self, exchange: AbstractExchange, messages: Sequence[tuple[PartnerKey, Message]]) -> None:
        results = await asyncio.gather(
            *(exchange.publish(message, partner, mandatory=self._mandatory) for partner, message in messages),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _message(self, announcement: Announcement) -> Message:
        now, message_id = self._clock(), self._mint()
        return Message(
            encode(announcement.deliveries),
            headers=dict(headers(message_id, announcement.partner, timestamp(now))),
            content_type=CONTENT_TYPE,
            type=EVENT_TYPE,
            message_id=message_id,
            delivery_mode=DeliveryMode.PERSISTENT,
        )

    async def _blocked(self) -> bool:
        """Whether the broker said that it reads nothing of publishers (an alarm about memory or disk)."""
        try:
            transport = self._publishing.connection.transport
            if transport is None or transport.connection.is_closed:
                return False
            async with asyncio.timeout(_AT_ONCE):
                await transport.connection.ready()
        except TimeoutError:
            return True
        except Unavailable:
            return False
        return False

    # --- consuming ---------------------------------------------------------------------------------------------------

    async def _prepare_consumers(self, connection: AbstractConnection) -> None:
        wanted = self._topology(self._partners | self._subscriptions.keys())
        async with self._patience(len(wanted.queues)):
            await declaration.apply(connection, wanted)
        await self._check_consumers(connection)

    async def _check_consumers(self, connection: AbstractConnection) -> None:
        await asyncio.gather(*(self._revive(one, connection) for one in tuple(self._subscriptions.values())))
        if connection.transport is None or connection.transport.connection.is_closed:
            raise Unavailable("the consumers' connection is closed", code="broker-disconnected")

    async def _revive(self, subscription: Subscription, connection: AbstractConnection) -> None:
        """A queue that does not answer must not keep the others from being consumed: it is tried again later."""
        try:
            with translated():
                async with self._patience():
                    if not await _alive(subscription):
                        await subscription.pause()
                        await declaration.apply(connection, self._topology([subscription.partner]))
                        await subscription.start(connection)
        except GatewayError as error:
            log.warning("consumer.unwell", partner=subscription.partner, code=error.problem)

    # --- shared ------------------------------------------------------------------------------------------------------

    def _topology(self, partners: Iterable[PartnerKey]) -> Topology:
        return topology(partners, self._settings.naming, self._settings.delivery_limit)

    def _patience(self, queues: int = 1) -> asyncio.Timeout:
        """For an exchange about so many queues: a broker that lost its data makes each of them anew."""
        return asyncio.timeout((self._settings.connect_timeout + queues * QUEUE_PATIENCE).total_seconds())

    async def _administer(self, link: Link, wanted: Topology) -> None:
        connection = link.connection
        with translated():
            async with self._patience(len(wanted.queues)):
                await declaration.apply(connection, wanted)


async def _alive(subscription: Subscription) -> bool:
    try:
        return await subscription.alive()
    except ChannelNotFoundEntity:
        return False


async def _counts(connection: AbstractConnection, queue: str) -> tuple[int, int] | None:
    """Ready messages and consumers; None when there is no such queue (the question then costs the channel)."""
    try:
        async with connection.channel(publisher_confirms=False) as channel:
            state = (await channel.declare_queue(queue, passive=True)).declaration_result
    except ChannelNotFoundEntity:
        return None
    return state.message_count or 0, state.consumer_count or 0
