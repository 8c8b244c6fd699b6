"""What only RabbitMQ can do to us: lose connections, channels, consumers, queues, data, and messages nobody routed."""

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path

import aio_pika
import pytest
import trustme
from structlog.testing import capture_logs

from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.topology import Difference, Found
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.model import PartnerKey
from gateway.core.transport import Transport
from gateway.settings import BrokerSettings, Crypto, Settings
from gateway.transports import broker_transport
from tests.contract.test_broker import IOWA, OHIO, Taker, announcement, eventually, rabbit, until
from tests.servers.rabbitmq import Node, VirtualHosts
from tests.servers.server_certificate import AUTHORITY

QUEUE = "gateway.deliver.ohio"


async def test_without_mandatory_a_missing_queue_would_lose_the_announcement_silently(amqp_url: str) -> None:
    """The control of the safeguard: the same publish, confirmed, and gone."""
    broker = rabbit(amqp_url)
    broker._mandatory = False
    await broker.open()
    await broker.publish([announcement(IOWA, "lost")])
    await broker.declare([IOWA])
    assert sum(depth.ready for depth in await broker.depths()) == 0
    await broker.close()


async def test_a_message_carries_ids_and_cloudevents_headers_and_nothing_else(amqp_url: str) -> None:
    broker = rabbit(amqp_url)
    await broker.open()
    await broker.declare([OHIO])
    await broker.publish([announcement(OHIO, "one", "two")])
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        message = await (await channel.get_queue(QUEUE)).get()
        assert message is not None
        assert json.loads(message.body) == {"deliveries": ["one", "two"]}
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert (message.content_type, message.type) == ("application/json", "gateway.delivery.due")
        assert message.headers["cloudEvents_id"] == message.message_id
        assert message.headers["cloudEvents_subject"] == "ohio"
        assert set(message.headers) - {"x-delivery-count"} == {
            f"cloudEvents_{name}" for name in ("id", "source", "type", "specversion", "subject", "time")
        }
        await message.ack()
    await broker.close()


async def test_under_tls_the_broker_is_known_by_its_certificate(
    rabbitmq_node: VirtualHosts, amqp_url: str, tmp_path: Path
) -> None:
    own, other = rabbitmq_node.home / AUTHORITY, tmp_path / "other.pem"
    trustme.CA(key_type=trustme.KeyType.ECDSA).cert_pem.write_to_path(other)
    url = amqp_url.replace("amqp:", "amqps:").replace(str(rabbitmq_node.port), str(rabbitmq_node.tls_port))
    for fips in (False, True):
        broker = rabbit(url, transport=under_tls(own, fips=fips))
        await broker.open()
        assert broker.connected
        await broker.declare([OHIO])
        await broker.publish([announcement(OHIO, "one")])
        await broker.close()
    for unknown, ca in ((url, other), (url.replace("127.0.0.1", "localhost"), own)):
        broker = rabbit(unknown, transport=under_tls(ca))
        with capture_logs() as logged:
            await broker.open()
        assert not broker.connected
        assert {one["code"] for one in logged} == {"broker-tls"}
        await broker.close()
    broker = rabbit(amqp_url)
    await broker.open()
    assert broker.connected, "the control: in the clear on this machine"
    await broker.close()


def under_tls(ca: Path, *, fips: bool = False) -> Transport:
    return broker_transport(Settings(broker=BrokerSettings(ca=ca), crypto=Crypto(fips=fips)))


async def test_declare_refuses_a_queue_with_other_arguments_and_the_connection_stays_usable(amqp_url: str) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    broker = rabbit(amqp_url)
    await broker.open()
    with pytest.raises(Misconfigured) as refused:
        await broker.declare([OHIO])
    assert refused.value.problem == "broker-topology"
    assert await broker.diff([OHIO]) == (Difference("queue", QUEUE, Found.DIFFERENT),)
    await broker.declare([IOWA])
    await broker.publish([announcement(IOWA, "fine")])
    await broker.close()


async def test_diff_names_what_is_missing_and_makes_nothing(amqp_url: str) -> None:
    broker = rabbit(amqp_url)
    await broker.open()
    missing = (Difference("queue", QUEUE, Found.ABSENT),)
    assert await broker.diff([OHIO]) == missing
    assert await broker.diff([OHIO]) == missing
    await broker.declare([OHIO])
    assert await broker.diff([OHIO]) == ()
    await broker.close()


async def test_an_unreadable_message_goes_to_the_dead_letters_at_once(amqp_url: str) -> None:
    broker, taker = rabbit(amqp_url), Taker()
    await broker.open()
    await broker.consume(OHIO, taker)
    await broker.declare([OHIO])
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        await channel.default_exchange.publish(aio_pika.Message(b"{not ours"), QUEUE)

    async def dead() -> bool:
        return any(depth.partner is None and depth.ready == 1 for depth in await broker.depths())

    await eventually(dead)
    assert taker.seen == []
    await broker.close()


async def test_the_watchdog_brings_a_cancelled_consumer_back(amqp_url: str) -> None:
    """Deleting the queue cancels the consumer on the server's side; the connection stays up."""
    broker, taker = rabbit(amqp_url), Taker()
    await broker.open()
    await broker.declare([OHIO])
    await broker.consume(OHIO, taker)
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        await channel.queue_delete(QUEUE)
    await _announce_until_taken(broker, taker, "after")
    await broker.close()


async def test_a_deleted_exchange_fails_one_publish_and_comes_back(amqp_url: str) -> None:
    broker, taker = rabbit(amqp_url), Taker()
    await broker.open()
    await broker.declare([OHIO])
    await broker.consume(OHIO, taker)
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        await channel.exchange_delete("gateway.deliver")
    with pytest.raises(Unavailable):
        await broker.publish([announcement(OHIO, "nowhere")])
    await _announce_until_taken(broker, taker, "after")
    await broker.close()


async def test_the_watchdog_brings_a_closed_channel_back(amqp_url: str) -> None:
    broker, taker = rabbit(amqp_url), Taker()
    await broker.open()
    await broker.declare([OHIO])
    await broker.consume(OHIO, taker)
    channel = broker._subscriptions[OHIO]._channel
    assert channel is not None
    await channel.close()
    await _announce_until_taken(broker, taker, "after")
    await broker.close()


async def test_without_the_watchdog_a_closed_channel_stays_closed(amqp_url: str) -> None:
    """The control."""
    broker, taker = rabbit(amqp_url), Taker()
    broker._consuming._check = lambda _connection: asyncio.sleep(0)
    await broker.open()
    await broker.declare([OHIO])
    await broker.consume(OHIO, taker)
    channel = broker._subscriptions[OHIO]._channel
    assert channel is not None
    await channel.close()
    await broker.publish([announcement(OHIO, "unheard")])
    await asyncio.sleep(1)
    assert taker.seen == []
    await broker.close()


async def test_a_virtual_host_that_is_not_there_is_misconfigured(amqp_url: str) -> None:
    broker = rabbit(amqp_url + "-of-another-name")
    with pytest.raises(Misconfigured) as refused:
        await broker.open()
    assert refused.value.problem == "broker-login"
    assert "virtual host" in refused.value.detail


async def test_a_wrong_password_is_misconfigured_and_says_nothing_of_it(amqp_url: str) -> None:
    broker = rabbit(amqp_url.replace("synthetic", "hunter2"))
    with pytest.raises(Misconfigured) as refused:
        await broker.open()
    assert refused.value.problem == "broker-login"
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(broker._settings)


async def test_a_broker_that_is_not_there_is_unavailable_quickly_and_found_later(unused_tcp_port: int) -> None:
    broker = rabbit(f"amqp://u:p@127.0.0.1:{unused_tcp_port}/")
    started = time.monotonic()
    await broker.open()
    assert not broker.connected
    with pytest.raises(Unavailable):
        await broker.publish([announcement(OHIO, "x")])
    with pytest.raises(Unavailable):
        await broker.declare([OHIO])
    assert time.monotonic() - started < 2
    await broker.close()


async def test_a_publish_that_is_never_confirmed_ends_in_time(breakable_amqp_url: str, breakable_node: Node) -> None:
    """A memory alarm makes the broker stop reading from publishers: it neither confirms nor refuses."""
    broker = rabbit(breakable_amqp_url, publish_timeout=timedelta(seconds=0.5))
    await broker.open()
    await broker.declare([OHIO])
    breakable_node.eval("vm_memory_monitor:set_vm_memory_high_watermark(0.0).")
    try:
        await asyncio.sleep(0.2)
        started = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await broker.publish([announcement(OHIO, "stuck")])
        assert time.monotonic() - started < 2
        assert refused.value.problem in ("broker-timeout", "broker-disconnected", "broker-blocked")

        async def says_why() -> bool:
            try:
                await broker.publish([announcement(OHIO, "stuck")])
            except Unavailable as error:
                return error.problem == "broker-blocked"
            return False

        await eventually(says_why, 20)
    finally:
        breakable_node.eval("vm_memory_monitor:set_vm_memory_high_watermark(0.4).")

    async def works() -> bool:
        try:
            await broker.publish([announcement(OHIO, "free")])
        except Unavailable:
            return False
        return True

    await eventually(works, 20)
    await broker.close()


async def test_after_kill_9_and_restart_nothing_confirmed_is_lost_and_the_consumer_works(
    breakable_amqp_url: str, breakable_node: Node
) -> None:
    broker, taker = rabbit(breakable_amqp_url), Taker()
    await broker.open()
    await broker.declare([OHIO, IOWA])
    await broker.publish([announcement(IOWA, f"kept{n}") for n in range(50)])
    await broker.consume(OHIO, taker)
    # RabbitMQ 3.10 writes its directory of queues twice a second: a queue younger than that may come back leaderless.
    await asyncio.sleep(2)
    await asyncio.to_thread(breakable_node.kill9)
    await until(lambda: not broker.connected)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await broker.publish([announcement(OHIO, "while down")])
    assert time.monotonic() - started < 0.5
    await asyncio.to_thread(breakable_node.start)
    await until(lambda: broker.connected, 30)
    kept = Taker()
    await broker.consume(IOWA, kept)
    await until(lambda: kept.ids == {f"kept{n}" for n in range(50)}, 30)
    await _announce_until_taken(broker, taker, "after")
    await broker.close()


async def test_after_the_data_directory_is_gone_the_topology_comes_back(
    breakable_amqp_url: str, breakable_node: Node
) -> None:
    broker, taker = rabbit(breakable_amqp_url), Taker()
    await broker.open()
    await broker.declare([OHIO])
    await broker.consume(OHIO, taker)
    await asyncio.to_thread(breakable_node.wipe)
    await until(lambda: broker.connected, 30)
    await _announce_until_taken(broker, taker, "rebuilt")
    assert await broker.diff([OHIO]) == ()
    await broker.close()


async def _announce_until_taken(broker: RabbitBroker, taker: Taker, delivery: str) -> None:
    """As the relay does: announce again what was not confirmed."""

    async def taken() -> bool:
        if delivery in taker.ids:
            return True
        try:
            await broker.publish([announcement(PartnerKey("ohio"), delivery)])
        except Unavailable:
            return False
        return delivery in taker.ids

    await eventually(taken, 30)
