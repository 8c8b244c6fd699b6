"""Second words: what waits for another person, and giving that word."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from gateway.core.errors import Forbidden, GatewayError, NotFound, Refused
from gateway.core.four_eyes import PAIRS, Act, Request, State, check_decider
from gateway.core.model import Page
from gateway.core.roles import Role
from gateway.web import overriding
from gateway.web.approving import known, second_words
from gateway.web.console import sessions
from gateway.web.console.rights import Right
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit, elsewhere

_PAGES = {
    "job": ("jobs", Right.LOOK),
    "record": ("records", Right.LOOK),
    "delivery": ("deliveries", Right.LOOK),
    "partner": ("partners", Right.PARTNER),
}
"""Kind of object -> its page, and the right to see it."""


async def approvals(visit: Visit) -> Shown:
    """All requests, newest first."""
    listing = await visit.parts.approvals.list(Page(visit.settings.page_size, visit.asked("cursor")))
    rows = [(one, one.at(visit.now), may_decide(visit, one)) for one in listing.rows]
    values = {"rows": rows, "waiting": await wanted(visit), "next": following(visit, listing.next)}
    return Shown("approvals.html", values)


async def wanted(visit: Visit) -> int:
    """How many of the newest requests wait for the word of this operator."""
    if not visit.may(Right.SECOND):
        return 0
    listing = await visit.parts.approvals.list(Page(visit.settings.page_size), State.ASKED)
    return sum(may_decide(visit, one) for one in listing.rows)


async def approval(visit: Visit) -> Shown:
    """One request with what it freezes."""
    found = await _named(visit)
    kind, _, name = found.object.partition(":")
    page, right = _PAGES.get(kind, ("", Right.BELONG))
    asker = found.asked_by == str(visit.actor)
    return Shown(
        "approval.html",
        {
            "request": found,
            "state": found.at(visit.now),
            "pair": PAIRS[found.act],
            "page": f"/{page}/{name}" if page and visit.may(right) else None,
            "mine": asker,
            "may_decide": may_decide(visit, found),
            "fresh": sessions.is_fresh(visit),
            "content": f"/amendments/{found.id}" if found.act is Act.AMEND and _waits(visit, found) else None,
            "go_on": _go_on(found) if asker and found.at(visit.now) is State.APPROVED else None,
            "entries": await visit.parts.audit.about(f"approval:{found.id}"),
        },
    )


def _go_on(found: Request) -> str | None:
    """Where whoever asked goes on in the console; other acts are done where they were asked for."""
    if found.act is Act.REPLAY:
        return f"/jobs/{found.object.partition(':')[2]}"
    if found.act is Act.AMEND:
        return f"/amendments/{found.id}"
    return f"/exports/{found.id}" if found.act is Act.EXPORT else None


def _waits(visit: Visit, found: Request) -> bool:
    """Whether what is asked for is still there to be looked at."""
    return found.at(visit.now) not in (State.REFUSED, State.EXPIRED)


async def decide(visit: Visit) -> web.Response:
    """Give or refuse the second word; asks for a second factor that was shown not long ago."""
    here = f"/approvals/{visit.part('id')}"
    if not sessions.is_fresh(visit):
        return elsewhere(visit, "/login/second?next=" + quote(visit.url(here), safe=""))
    word = visit.told("word")
    if word not in ("approve", "refuse"):
        raise Refused("Choose to approve or to refuse.")
    decided = await second_words(visit.parts).decide(
        visit.actor, _role(visit), visit.part("id"), approved=word == "approve", reason=visit.told("reason")
    )
    await overriding.enter(visit.parts.court, decided, visit.actor)
    return elsewhere(visit, here)


def may_decide(visit: Visit, request: Request) -> bool:
    """Whether this operator could give the second word now."""
    try:
        check_decider(request, str(visit.actor), _role(visit), visit.now)
    except GatewayError:
        return False
    return True


def _role(visit: Visit) -> Role:
    if visit.operator is None:
        raise Forbidden
    return known(visit.operator.role)


async def _named(visit: Visit) -> Request:
    found = await visit.parts.approvals.get(visit.part("id"))
    if found is None:
        raise NotFound("There is no such request.")
    return found
