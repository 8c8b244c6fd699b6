"""Bulk jobs: the plan before, the progress after."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import Conflict, Forbidden, NotFound, Refused
from gateway.core.model import JobId, Page
from gateway.core.ports.jobs import Job
from gateway.web import operations
from gateway.web.console.rights import Right
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit, elsewhere

ENDED = frozenset({"done", "cancelled"})


async def jobs(visit: Visit) -> Shown:
    listing = await visit.parts.jobs.list(Page(visit.settings.page_size, visit.asked("cursor")))
    return Shown("jobs.html", {"listing": listing, "next": following(visit, listing.next)})


async def job(visit: Visit) -> Shown:
    found = await _job(visit)
    confirm = found.total > visit.settings.confirm_above
    values = {"job": found, "ended": found.state in ENDED, "confirm": confirm, "alone": operations.ALONE}
    return Shown("job.html", values | {"may_start": _may_start(visit, found)})


async def live(visit: Visit) -> Shown:
    """The progress, until it can no longer change."""
    found = await _job(visit)
    return Shown("live/job.html", {"job": found}, final=found.state in ENDED)


async def start(visit: Visit) -> web.Response:
    """Start it, with the right to do so to one delivery, whoever planned it. Above the limit of the settings the number
    of deliveries must have been typed."""
    found = await _job(visit)
    if not _may_start(visit, found):
        raise Forbidden(f"Your role does not allow to {found.action}.")
    if found.total > visit.settings.confirm_above and visit.told("number").replace(",", "") != str(found.total):
        raise Refused(f"Type the number of deliveries ({found.total}) to confirm.", code="not-confirmed")
    try:
        await operations.start(visit.parts, visit.actor, found.id)
    except Conflict as conflict:
        wish = operations.wish_of(found)
        request = await visit.parts.approvals.pending(wish.act, wish.object, wish.terms, visit.now)
        if conflict.problem != "approval-needed" or request is None:
            raise
        return elsewhere(visit, f"/approvals/{request.id}")
    return elsewhere(visit, f"/jobs/{found.id}")


async def cancel(visit: Visit) -> web.Response:
    found = await operations.cancel(visit.parts, visit.actor, JobId(visit.part("id")))
    return elsewhere(visit, f"/jobs/{found.id}")


def _may_start(visit: Visit, found: Job) -> bool:
    return visit.may(Right.WITHDRAW if found.action == operations.Action.WITHDRAW else Right.RETRY)


async def _job(visit: Visit) -> Job:
    found = await visit.parts.jobs.get(JobId(visit.part("id")))
    if found is None:
        raise NotFound("There is no such job.")
    return found
