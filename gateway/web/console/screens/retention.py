"""Retention: the rules, what runs erased, holds, and copies that have to go."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import Refused
from gateway.core.retention import HoldScope
from gateway.web.console.visit import Shown, Visit, elsewhere

RUNS = 10


async def retention(visit: Visit) -> Shown:
    desk = visit.parts.retention
    return Shown(
        "retention.html",
        {
            "schedule": desk.schedule,
            "runs": await desk.runs(RUNS),
            "holds": await desk.holds(),
            "scopes": tuple(HoldScope),
            "what": visit.asked("what"),
            "extracts": await desk.extracts(),
        },
    )


async def hold(visit: Visit) -> web.Response:
    """Raises Refused for a scope that there is not, and what the desk raises."""
    try:
        scope = HoldScope(visit.told("scope"))
    except ValueError:
        raise Refused("A hold is on a record, a case or a partner.") from None
    await visit.parts.retention.hold(visit.actor, scope, visit.told("what"), visit.told("reason"))
    return elsewhere(visit, "/retention")


async def release(visit: Visit) -> web.Response:
    await visit.parts.retention.release(visit.actor, visit.part("id"), visit.told("reason"))
    return elsewhere(visit, "/retention")


async def erased(visit: Visit) -> web.Response:
    await visit.parts.retention.confirm_erased(visit.actor, visit.part("id"))
    return elsewhere(visit, "/retention")
