"""The contract of the port Broker, over the embedded broker and RabbitMQ."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.settings import RabbitSettings
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.ids import minting
from gateway.core.model import DeliveryId, PartnerKey
from gateway.core.ports.broker import Announcement, Broker
from tests.servers.rabbitmq import Hosts

OHIO, IOWA = PartnerKey("ohio"), PartnerKey("iowa")
LIMIT = 3


def clock() -> datetime:
    return datetime.now(UTC)


def rabbit(url: str, **changes: object) -> RabbitBroker:
    settings = RabbitSettings(
        url,
        delivery_limit=LIMIT,
        watch_every=timedelta(milliseconds=200),
        shortest_wait=timedelta(milliseconds=100),
        longest_wait=timedelta(milliseconds=500),
        **changes,  # type: ignore[arg-type] # tests name settings freely
    )
    return RabbitBroker(settings, clock, minting(clock, os.urandom))


@pytest_asyncio.fixture(params=["memory", "rabbitmq"])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    if request.param == "memory":
        made: Broker = MemoryBroker(delivery_limit=LIMIT)
    else:
        hosts: Hosts = request.getfixturevalue("rabbitmq_hosts")
        made = rabbit(hosts.take())
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def announcement(partner: PartnerKey, *ids: str) -> Announcement:
    return Announcement(partner, tuple(DeliveryId(one) for one in ids))


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


class Taker:
    """Notes what it is given, and fails when told to."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[Announcement] = []
        self.failures = failures

    async def __call__(self, one: Announcement) -> None:
        self.seen.append(one)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("not now")

    @property
    def ids(self) -> set[str]:
        return {one for seen in self.seen for one in seen.deliveries}


async def ready(broker: Broker, partner: PartnerKey | None) -> int:
    return next(depth.ready for depth in await broker.depths() if depth.partner == partner)


async def test_every_announcement_arrives_at_its_partner_and_no_other(broker: Broker) -> None:
    ohio, iowa = Taker(), Taker()
    await broker.declare([OHIO, IOWA])
    await broker.consume(OHIO, ohio)
    await broker.consume(IOWA, iowa)
    await broker.publish([announcement(OHIO, "a", "b"), announcement(IOWA, "c")])
    await broker.publish([announcement(OHIO, *(f"o{n}" for n in range(500)))])
    await until(lambda: len(ohio.seen) == 2 and len(iowa.seen) == 1)
    assert ohio.ids == {"a", "b", *(f"o{n}" for n in range(500))}
    assert iowa.seen == [announcement(IOWA, "c")]


async def test_what_was_announced_before_anybody_consumed_still_arrives(broker: Broker) -> None:
    await broker.declare([OHIO])
    await broker.publish([announcement(OHIO, "early")])
    assert await ready(broker, OHIO) == 1
    taker = Taker()
    await broker.consume(OHIO, taker)
    await until(lambda: taker.ids == {"early"})


async def test_an_exception_brings_the_announcement_back(broker: Broker) -> None:
    await broker.declare([OHIO])
    taker = Taker(failures=2)
    await broker.consume(OHIO, taker)
    await broker.publish([announcement(OHIO, "again")])
    await until(lambda: len(taker.seen) == 3)
    await asyncio.sleep(0.2)
    assert len(taker.seen) == 3
    assert await ready(broker, None) == 0


async def test_beyond_the_limit_it_becomes_a_dead_letter_and_its_neighbour_does_not(broker: Broker) -> None:
    await broker.declare([OHIO])
    taken: Counter[str] = Counter()

    async def take(one: Announcement) -> None:
        taken.update(one.deliveries)
        if "poison" in one.deliveries:
            raise ValueError("cannot")

    await broker.consume(OHIO, take)
    await broker.publish([announcement(OHIO, "poison"), announcement(OHIO, "good")])

    async def dead() -> bool:
        return await ready(broker, None) == 1

    await eventually(dead)
    assert taken == {"poison": LIMIT + 1, "good": 1}
    assert await ready(broker, OHIO) == 0


async def test_a_missing_queue_is_an_error(broker: Broker) -> None:
    await broker.declare([OHIO])
    with pytest.raises(Unavailable) as refused:
        await broker.publish([announcement(IOWA, "lost")])
    assert refused.value.problem == "broker-queue-missing"


async def test_more_than_500_ids_or_none_are_refused(broker: Broker) -> None:
    await broker.declare([OHIO])
    with pytest.raises(ValueError, match="1 to 500"):
        await broker.publish([announcement(OHIO, *(str(n) for n in range(501)))])
    with pytest.raises(ValueError, match="1 to 500"):
        await broker.publish([announcement(OHIO)])


async def test_declaring_and_consuming_again_change_nothing(broker: Broker) -> None:
    taker = Taker()
    for _ in range(2):
        await broker.declare([OHIO])
        await broker.consume(OHIO, taker)
    await broker.publish([announcement(OHIO, "once")])
    await until(lambda: bool(taker.seen))
    await asyncio.sleep(0.2)
    assert len(taker.seen) == 1
    assert next(d.consumers for d in await broker.depths() if d.partner == OHIO) == 1


async def test_cancel_waits_for_the_work_in_flight_and_takes_nothing_more(broker: Broker) -> None:
    await broker.declare([OHIO])
    begun, ended = asyncio.Event(), []

    async def take(one: Announcement) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        ended.extend(one.deliveries)

    await broker.consume(OHIO, take)
    await broker.publish([announcement(OHIO, "first")])
    await begun.wait()
    await broker.cancel(OHIO)
    assert ended == ["first"]
    await broker.publish([announcement(OHIO, "second")])
    await asyncio.sleep(0.3)
    assert ended == ["first"]
    assert await ready(broker, OHIO) == 1


async def test_a_partner_can_be_consumed_again_after_cancel(broker: Broker) -> None:
    taker = Taker()
    await broker.consume(OHIO, taker)
    await broker.cancel(OHIO)
    await broker.cancel(OHIO)
    await broker.consume(OHIO, taker)
    await broker.publish([announcement(OHIO, "late")])
    await until(lambda: taker.ids == {"late"})


async def test_closing_calls_off_the_work_in_flight(broker: Broker) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def take(_one: Announcement) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    await broker.consume(OHIO, take)
    await broker.publish([announcement(OHIO, "long")])
    await begun.wait()
    started = time.monotonic()
    await broker.close()
    assert cancelled.is_set()
    assert time.monotonic() - started < 2
    assert not broker.connected


async def test_after_close_everything_is_unavailable_at_once(broker: Broker) -> None:
    await broker.declare([OHIO])
    assert broker.connected
    await broker.close()
    for call in (broker.publish([announcement(OHIO, "x")]), broker.declare([IOWA]), broker.depths()):
        with pytest.raises(Unavailable):
            await call


async def test_a_partner_key_that_no_queue_can_bear_is_misconfigured(broker: Broker) -> None:
    with pytest.raises(Misconfigured):
        await broker.declare([PartnerKey("ohio/*")])


async def test_many_announcements_are_confirmed_in_one_call(broker: Broker) -> None:
    await broker.declare([OHIO])
    taker = Taker()
    await broker.consume(OHIO, taker)
    await broker.publish([announcement(OHIO, str(n)) for n in range(300)])
    await until(lambda: taker.ids == {str(n) for n in range(300)})
