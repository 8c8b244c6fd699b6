"""What the broker keeps on disk while deliveries wait in its queues: ids, and nothing about a person."""

from __future__ import annotations

import asyncio

import aio_pika
import pytest

from tests.guards.canaries import Canary, Scanner, files
from tests.journeys import samples
from tests.journeys.site import until, whole

PEOPLE = [Canary(number) for number in range(1, 501)]
SCANNER = Scanner(PEOPLE)
SHOWN = Canary(90_001)
"""Somebody whom the control shows to the broker, which all tests of the run share."""
TRIBE = "tribe-90830"


def locate(one):
    return samples.locate(one.number, given=one.given, family=one.family, ssn=one.ssn, case=one.case, street=one.street)


@pytest.mark.claim("A23", control="test_control_a_body_in_a_queue_is_found_on_the_brokers_disk")
async def test_queues_of_the_broker_hold_no_canary(sqlite_url, tmp_path, rabbitmq_node, amqp_url, claim):
    async def slow(_request, _body):
        await asyncio.sleep(3)

    async with whole(tmp_path, sqlite_url, broker=amqp_url) as site:
        site.partners.behaviours["ohio"] = slow
        await site.api.accepted(TRIBE, "json", samples.as_json(*(locate(one) for one in PEOPLE)))
        await until(lambda: site.partners.tries, "announcements have gone through the broker")
        kept = await asyncio.to_thread(files, rabbitmq_node.home)
        site.partners.behaviours.clear()
        await until(lambda: len(site.partners.deliveries("ohio")) == len(PEOPLE), "all arrive")
    kept |= {f"later {name}": seen for name, seen in (await asyncio.to_thread(files, rabbitmq_node.home)).items()}
    assert any("mnesia" in name and b"ohio" in seen for name, seen in kept.items()), "its data was looked through"
    assert SCANNER.hits("deliveries", site.partners.bodies("ohio"))
    assert SCANNER.everywhere(kept) == []
    claim.measured(f"0 of {len(PEOPLE)} people found in {len(kept)} files of the broker")


async def test_control_a_body_in_a_queue_is_found_on_the_brokers_disk(rabbitmq_node, amqp_url):
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue("canaries", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(samples.as_json(locate(SHOWN)), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue.name)

        async def found():
            return Scanner([SHOWN]).everywhere(await asyncio.to_thread(files, rabbitmq_node.home))

        await until(found, "the body is on the disk")
