"""Makes a topology exist on RabbitMQ, and compares what exists with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed

from gateway.broker.topology import Difference, Exchange, Found, Queue, Topology, differences


async def apply(connection: AbstractConnection, wanted: Topology) -> None:
    """Declare everything, in order. Equal things are left alone; the broker closes the channel at the first that has
    other arguments (``ChannelPreconditionFailed``)."""
    async with connection.channel(publisher_confirms=False) as channel:
        for exchange in wanted.exchanges:
            await _make_exchange(channel, exchange)
        for queue in wanted.queues:
            await _make_queue(channel, queue)
        for binding in wanted.bindings:
            bound = await channel.get_queue(binding.queue, ensure=False)
            await bound.bind(binding.exchange, routing_key=binding.routing_key)


async def compare(connection: AbstractConnection, wanted: Topology) -> Sequence[Difference]:
    """What is missing or different, without a management plug-in.

    A passive declaration tells whether a name is taken. Only when it is, an active one follows: with equal arguments
    it changes nothing, with others the broker refuses it. Bindings and things that are too many cannot be asked for in
    AMQP 0-9-1; :func:`apply` makes bindings anew each time.
    """
    exchanges = {
        exchange.name: await _look(
            connection,
            lambda channel, e=exchange: channel.get_exchange(e.name, ensure=True),  # type: ignore[misc] # default binds the loop's value
            lambda channel, e=exchange: _make_exchange(channel, e),  # type: ignore[misc] # as above
        )
        for exchange in wanted.exchanges
    }
    queues = {
        queue.name: await _look(
            connection,
            lambda channel, q=queue: channel.get_queue(q.name, ensure=True),  # type: ignore[misc] # as above
            lambda channel, q=queue: _make_queue(channel, q),  # type: ignore[misc] # as above
        )
        for queue in wanted.queues
    }
    return differences(wanted, exchanges, queues)


_Ask = Callable[[AbstractChannel], Awaitable[object]]


async def _look(connection: AbstractConnection, passive: _Ask, active: _Ask) -> Found:
    try:
        async with connection.channel(publisher_confirms=False) as channel:
            await passive(channel)
            await active(channel)
    except ChannelNotFoundEntity:
        return Found.ABSENT
    except ChannelPreconditionFailed:
        return Found.DIFFERENT
    return Found.EQUAL


async def _make_exchange(channel: AbstractChannel, exchange: Exchange) -> None:
    await channel.declare_exchange(exchange.name, ExchangeType(exchange.kind.value), durable=True)


async def _make_queue(channel: AbstractChannel, queue: Queue) -> None:
    await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
