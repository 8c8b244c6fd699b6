"""One delivery, and the two things that an operator may do to it."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import NotFound
from gateway.core.model import DeliveryId, DeliveryState
from gateway.web import operations
from gateway.web.console.visit import Shown, Visit, elsewhere

RETRIED = frozenset({DeliveryState.DEAD, DeliveryState.HELD})
KEPT = frozenset({DeliveryState.DELIVERED, DeliveryState.CLAIMED, DeliveryState.WITHDRAWN})


async def delivery(visit: Visit) -> Shown:
    found = await visit.parts.desk.get(DeliveryId(visit.part("id")))
    if found is None:
        raise NotFound("There is no such delivery.")
    return Shown(
        "delivery.html",
        {
            "delivery": found,
            "attempts": await visit.parts.desk.attempts(found.id),
            "entries": await visit.parts.audit.about(f"delivery:{found.id}"),
            "may_retry": found.state in RETRIED,
            "may_withdraw": found.state not in KEPT,
        },
    )


async def retry(visit: Visit) -> web.Response:
    found = await operations.retry(visit.parts, visit.actor, DeliveryId(visit.part("id")), visit.told("reason"))
    return elsewhere(visit, f"/deliveries/{found.id}")


async def withdraw(visit: Visit) -> web.Response:
    found = await operations.withdraw(visit.parts, visit.actor, DeliveryId(visit.part("id")), visit.told("reason"))
    return elsewhere(visit, f"/deliveries/{found.id}")
