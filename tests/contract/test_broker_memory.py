"""The embedded broker's count of redeliveries, for any pattern of failures."""

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.broker.memory import MemoryBroker
from gateway.core.model import DeliveryId, PartnerKey
from gateway.core.ports.broker import Announcement

OHIO = PartnerKey("ohio")


async def run(failures: list[int], limit: int, prefetch: int) -> tuple[Counter[int], list[int]]:
    """Announce one delivery for each number; each fails so often. How often each was taken, and which are dead."""
    broker, taken = MemoryBroker(delivery_limit=limit, prefetch=prefetch), Counter[int]()

    async def take(one: Announcement) -> None:
        number = int(one.deliveries[0])
        taken[number] += 1
        await asyncio.sleep(0)
        if taken[number] <= failures[number]:
            raise ConnectionError

    await broker.open()
    await broker.declare([OHIO])
    await broker.publish([Announcement(OHIO, (DeliveryId(str(n)),)) for n in range(len(failures))])
    await broker.consume(OHIO, take)
    while any(d.ready or d.unacknowledged for d in await broker.depths() if d.partner):  # noqa: ASYNC110 - the broker announces no rest
        await asyncio.sleep(0)
    dead = sorted(int(one.deliveries[0]) for one in broker.dead)
    await broker.close()
    return taken, dead


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 4), st.integers(1, 5))
def test_each_comes_back_until_it_is_taken_or_the_limit_is_passed(
    failures: list[int], limit: int, prefetch: int
) -> None:
    taken, dead = asyncio.run(run(failures, limit, prefetch))
    assert taken == {n: min(times, limit) + 1 for n, times in enumerate(failures)}
    assert dead == [n for n, times in enumerate(failures) if times > limit]
