"""The chapters in which partners do not take what they are owed."""

from __future__ import annotations

import asyncio

from gateway.core.model import DeliveryId, DeliveryState, Page, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.demo.narrator import Narrator
from gateway.demo.world import World


async def recovery(narrator: Narrator, world: World) -> None:
    narrator.say("Michigan's system is out of order; its deliveries wait and are tried again.")
    await narrator.soon("Michigan has turned deliveries away", lambda: world.neighbours.tries["michigan"] > 0)
    world.neighbours.answers.pop("michigan")
    await narrator.soon("Michigan is back and has what it was owed", lambda: world.neighbours.count("michigan") > 0)
    await narrator.soon("nothing is pending for Michigan", lambda: _nothing_pending(world, "michigan"))


async def _nothing_pending(world: World, partner: str) -> bool:
    queues = {queue.partner: queue for queue in await world.process.base.stores.desk.queues()}
    queue = queues.get(PartnerKey(partner))
    return queue is None or queue.pending + queue.claimed + queue.gathering == 0


async def _dead(world: World, partner: str) -> list[DeliveryId]:
    query = DeliveryQuery(partner=PartnerKey(partner), state=DeliveryState.DEAD)
    return [delivery.id for delivery in (await world.process.base.stores.desk.list(query, Page(100))).rows]


async def _has_dead(world: World, partner: str) -> bool:
    return bool(await _dead(world, partner))


async def dead_letters(narrator: Narrator, world: World) -> None:
    narrator.say("Texas refuses what it gets; an operator repairs it.")
    await narrator.soon("Texas has a dead letter", lambda: _has_dead(world, "texas"))
    before = world.neighbours.count("texas")
    world.neighbours.answers.pop("texas")
    plan = await asyncio.to_thread(
        world.operator.post,
        "/v1/replays/plan",
        {"state": "dead", "partner": "texas", "action": "retry", "reason": "Texas has mended its intake"},
    )
    await asyncio.to_thread(world.operator.post, "/v1/replays", {"token": plan["id"]})
    await narrator.soon(
        f"after a retry of {plan['total']} dead letters Texas has them",
        lambda: world.neighbours.count("texas") >= before + plan["total"] > before,
    )


async def staying_down(narrator: Narrator, world: World) -> None:
    narrator.say("California stays down.")
    await narrator.soon(
        "California's deliveries end as dead letters, none is lost", lambda: _has_dead(world, "california")
    )


async def undecided(narrator: Narrator, world: World) -> None:
    narrator.say("One of Michigan's cases has the family violence indicator; Ohio's format has no place for it.")
    await narrator.soon("it is not sent without the mark: an operator has to decide", lambda: _has_dead(world, "ohio"))
