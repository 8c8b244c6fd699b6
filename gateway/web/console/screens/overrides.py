"""Orders of courts: the list, one of them, and the form on the page of the record that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from aiohttp import web

from gateway.core.court_orders import Ordered, Standing
from gateway.core.disclosure import Override
from gateway.core.errors import NotFound, Refused
from gateway.core.model import PartnerKey
from gateway.web import overriding
from gateway.web.approving import Person, known, second_words
from gateway.web.console.screens.records import seen_record
from gateway.web.console.visit import Shown, Visit, elsewhere
from gateway.web.overriding import Asking

SHOWN = 100


async def orders(visit: Visit) -> Shown:
    """The last hundred, newest first, and how many there are of each standing."""
    desk = visit.parts.court
    values = {"orders": await desk.list(SHOWN), "most": SHOWN, "counts": await desk.counts(), "standing": Standing}
    return Shown("overrides.html", values)


async def order(visit: Visit) -> Shown:
    """One order: its terms, the two people, what it let go, what was done. Never whom it is about."""
    found = await visit.parts.court.get(visit.part("id"))
    if found is None:
        raise NotFound("There is no such order.")
    told = [one for about in await _objects(visit, found.order) for one in await visit.parts.audit.about(about)]
    entries = [one for one in told if one[1].details.get("order") == found.order.id]
    return Shown("override.html", {"stood": found, "order": found.order, "entries": entries, "standing": Standing})


async def _objects(visit: Visit, order: Override) -> Sequence[str]:
    """What entries about the order are about: its record, what it left as, and the delivery that its answer was taken
    out of, in which the order may have been used up."""
    objects = [f"record:{order.request}"]
    if order.used:
        mine = f"delivery:{order.used.delivery}"
        entries = [entry for _, entry in await visit.parts.audit.about(mine)]
        objects += [f"delivery:{one.details['from']}" for one in entries if "from" in one.details]
        objects.append(mine)
    return objects


async def ask(visit: Visit) -> web.Response:
    """Ask for the second word; the approvals page goes on."""
    found, _ = await seen_record(visit)
    number = visit.told("person")
    ordered = Ordered(visit.told("court"), _day(visit, "ordered_on"), _day(visit, "expires_on"))
    recipient = PartnerKey(visit.told("recipient")) if visit.told("recipient") else None
    asking = Asking(found, int(number) if number.isascii() and number.isdigit() else None, ordered, recipient)
    person = Person(visit.actor, known(visit.operator.role if visit.operator else ""))
    request = await overriding.ask(visit.parts.court, second_words(visit.parts), person, asking, visit.told("reason"))
    return elsewhere(visit, f"/approvals/{request.id}")


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.told(name))
    except ValueError:
        raise Refused("Enter each day as 2026-01-31.") from None
