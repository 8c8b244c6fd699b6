"""The form of an order of a court, on the page of the record that it is about."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from gateway.core.court_orders import Ordered
from gateway.core.errors import Refused
from gateway.web import overriding
from gateway.web.approving import Person, known, second_words
from gateway.web.console.screens.records import seen_record
from gateway.web.console.visit import Visit, elsewhere
from gateway.web.overriding import Asking


async def ask(visit: Visit) -> web.Response:
    """Ask for the second word; the approvals page goes on."""
    found, _ = await seen_record(visit)
    number = visit.told("person")
    ordered = Ordered(visit.told("court"), _day(visit, "ordered_on"), _day(visit, "expires_on"))
    asking = Asking(found, int(number) if number.isascii() and number.isdigit() else None, ordered)
    person = Person(visit.actor, known(visit.operator.role if visit.operator else ""))
    request = await overriding.ask(visit.parts.court, second_words(visit.parts), person, asking, visit.told("reason"))
    return elsewhere(visit, f"/approvals/{request.id}")


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.told(name))
    except ValueError:
        raise Refused("Enter each day as 2026-01-31.") from None
