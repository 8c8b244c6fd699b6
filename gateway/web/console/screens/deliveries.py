"""Deliveries: the list, one of them, and the two things that an operator may do to it."""

from __future__ import annotations

from aiohttp import web

from gateway.core.causes import stopped
from gateway.core.errors import NotFound, Refused
from gateway.core.lifecycle import Event, sources
from gateway.core.model import DeliveryId, DeliveryState, Page, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.web import operations
from gateway.web.console.coming import coming
from gateway.web.console.ownership import choices, of_deliveries, owes, sees_delivery
from gateway.web.console.rights import Right
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit, elsewhere

RETRIED = sources(Event.RETRY)
CARRIED = 20
"""Records of a delivery that its page lists."""
KEPT = frozenset({DeliveryState.DELIVERED, DeliveryState.CLAIMED, DeliveryState.WITHDRAWN})


async def deliveries(visit: Visit) -> Shown:
    """All deliveries, newest first, narrowed by partner and state: where held and waiting ones are found."""
    partner, state = PartnerKey(visit.asked("partner") or "") or None, _state(visit.asked("state"))
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    query = of_deliveries(visit, DeliveryQuery(partner=partner, state=state))
    listing = await visit.parts.desk.list(query, page)
    directory = await visit.parts.directory()
    return Shown(
        "deliveries.html",
        {
            "listing": listing,
            "partner": query.partner,
            "state": state,
            "states": tuple(DeliveryState),
            "partners": choices(visit, directory),
            "next": following(visit, listing.next),
        },
    )


def _state(text: str | None) -> DeliveryState | None:
    try:
        return DeliveryState(text) if text else None
    except ValueError as error:
        raise Refused("There is no such state.") from error


async def delivery(visit: Visit) -> Shown:
    found = await visit.parts.desk.get(DeliveryId(visit.part("id")))
    if found is None or not sees_delivery(visit, found):
        raise NotFound("There is no such delivery.")
    why = visit.parts.disclosures.of_delivery(found)
    breakers = {row.partner: row for row in await visit.parts.health.breakers()}
    partner = (await visit.parts.directory()).partners.get(found.partner)
    return Shown(
        "delivery.html",
        {
            "delivery": found,
            "why": why,
            "coming": coming(found, partner, breakers.get(found.partner), visit.now),
            "cause": None if why else stopped(found, visit.parts.rules),
            "ordered": await visit.parts.court.of_delivery(found.id),
            "carried": await visit.parts.desk.carried(found.id, CARRIED),
            "attempts": await visit.parts.desk.attempts(found.id),
            "findings": await visit.parts.desk.findings(found.id),
            "rules": visit.parts.rules,
            "entries": await visit.parts.audit.about(f"delivery:{found.id}"),
            "amended": await visit.parts.amendments.store.of_delivery(found.id),
            "may_amend": found.state is DeliveryState.DEAD and visit.may(Right.AMEND),
            "may_retry": found.state in RETRIED and owes(visit, found),
            "may_withdraw": found.state not in KEPT and visit.may(Right.WITHDRAW),
        },
    )


async def retry(visit: Visit) -> web.Response:
    wanted = await visit.parts.desk.get(DeliveryId(visit.part("id")))
    if wanted is None or not owes(visit, wanted):
        raise NotFound("There is no such delivery.")
    found = await operations.retry(visit.parts, visit.actor, wanted.id, visit.told("reason"))
    return elsewhere(visit, f"/deliveries/{found.id}")


async def withdraw(visit: Visit) -> web.Response:
    found = await operations.withdraw(visit.parts, visit.actor, DeliveryId(visit.part("id")), visit.told("reason"))
    return elsewhere(visit, f"/deliveries/{found.id}")
