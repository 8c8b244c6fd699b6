"""Partners: who is healthy, what is their story, and pausing them."""

from __future__ import annotations

from aiohttp import web

from gateway.core.caller_floor import floors
from gateway.core.errors import NotFound
from gateway.core.model import Page, Partner, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery, PartnerQueue
from gateway.core.ports.health import BreakerRow
from gateway.core.reasons import fit_reason
from gateway.core.routing import Directory
from gateway.web.console.ownership import sees_partner
from gateway.web.console.visit import Shown, Visit, elsewhere

RECENT = 10


async def partners(visit: Visit) -> Shown:
    directory = await visit.parts.partners.directory()
    queues = {queue.partner: queue for queue in await visit.parts.desk.queues()}
    breakers = {row.partner: row for row in await visit.parts.health.breakers()}
    rows = [
        (partner, queues.get(partner.key, _empty(partner.key)), state_of(partner, breakers.get(partner.key)))
        for partner in sorted(directory.partners.values(), key=lambda partner: (partner.role, partner.name))
    ]
    return Shown("partners.html", {"rows": rows})


async def partner(visit: Visit) -> Shown:
    directory = await visit.parts.partners.directory()  # the picture in memory lags: a pause just made would not show
    found = _named(visit, directory)
    breakers = {row.partner: row for row in await visit.parts.health.breakers()}
    queues = {queue.partner: queue for queue in await visit.parts.desk.queues()}
    recent = await visit.parts.desk.list(DeliveryQuery(partner=found.key), Page(RECENT))
    return Shown(
        "partner.html",
        {
            "partner": found,
            "state": state_of(found, breakers.get(found.key)),
            "breaker": breakers.get(found.key),
            "queue": queues.get(found.key, _empty(found.key)),
            "agreements": [a for a in directory.agreements if a.recipient == found.key or found.key in a.senders],
            "today": visit.now.date(),
            "floor": floors(directory, visit.now.date())[found.key],
            "wire_keys": [(key, key.days_left(visit.now)) for key in await visit.parts.partner_keys.list(found.key)],
            "last_files": () if visit.parts.turns is None else await visit.parts.turns.last(found.key),
            "deliveries": recent.rows,
            "entries": (await visit.parts.audit.about(f"partner:{found.key}"))[-RECENT:],
        },
    )


async def pause(visit: Visit) -> web.Response:
    return await _turn(visit, paused=True)


async def resume(visit: Visit) -> web.Response:
    return await _turn(visit, paused=False)


async def _turn(visit: Visit, *, paused: bool) -> web.Response:
    found = _named(visit, await visit.parts.directory())
    entry = visit.parts.scribe.entry(
        visit.actor,
        "partner.paused" if paused else "partner.resumed",
        f"partner:{found.key}",
        "ok",
        {"reason": fit_reason(visit.told("reason"))},
    )
    await visit.parts.partners.pause(found.key, entry, paused=paused)
    return elsewhere(visit, f"/partners/{found.key}")


def _named(visit: Visit, directory: Directory) -> Partner:
    found = directory.partners.get(sees_partner(visit, PartnerKey(visit.part("key"))))
    if found is None:
        raise NotFound("There is no such partner.")
    return found


def state_of(found: Partner, breaker: BreakerRow | None) -> str:
    """Paused by an operator, else the state of the breaker; ``active`` when it is closed."""
    if found.paused:
        return "paused"
    return f"breaker {breaker.state}" if breaker and breaker.state != "closed" else "active"


def _empty(key: PartnerKey) -> PartnerQueue:
    return PartnerQueue(key, 0, 0, 0, 0, 0, 0, None)
