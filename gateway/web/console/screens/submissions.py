"""Submissions: what do senders get wrong?"""

from __future__ import annotations

from aiohttp import web

from gateway.core.causes import cause_of
from gateway.core.errors import NotFound, Refused
from gateway.core.model import Page, PartnerKey, Submission, SubmissionId, SubmissionState
from gateway.web import operations
from gateway.web.console.ownership import choices, own, sees_submission
from gateway.web.console.rights import Right
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit, elsewhere


async def submissions(visit: Visit) -> Shown:
    mine = own(visit)
    sender = PartnerKey(visit.asked("sender") or "") or None if mine is None else mine
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    state = _state(visit.asked("state"))
    listing = await visit.parts.submissions.list(sender, page, state)
    directory = await visit.parts.directory()
    return Shown(
        "submissions.html",
        {
            "listing": listing,
            "sender": sender,
            "state": state,
            "states": tuple(SubmissionState),
            "partners": choices(visit, directory),
            "next": following(visit, listing.next),
        },
    )


def _state(text: str | None) -> SubmissionState | None:
    try:
        return SubmissionState(text) if text else None
    except ValueError as error:
        raise Refused("There is no such state.") from error


async def submission(visit: Visit) -> Shown:
    found = await _submission(visit)
    held = found.state is SubmissionState.HELD
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    listing = await visit.parts.submissions.records(found.id, None, page)
    return Shown(
        "submission.html",
        {
            "submission": found,
            "cause": cause_of(found.cause, visit.parts.rules) if held and found.cause else None,
            "ended": await visit.parts.receipts.ready(found),
            "may_retry": held and visit.may(Right.RETRY, narrowed=False),
            "groups": await visit.parts.submissions.summary(found.id),
            "rules": visit.parts.rules,
            "listing": listing,
            "next": following(visit, listing.next),
        },
    )


async def retry(visit: Visit) -> web.Response:
    found = await _submission(visit)
    await operations.judge_again(visit.parts, visit.actor, found.id, visit.told("reason"))
    return elsewhere(visit, f"/submissions/{found.id}")


async def receipt(visit: Visit) -> web.Response:
    """The receipt exactly as the sender got it."""
    found = await _submission(visit)
    name = f'attachment; filename="{found.id}.receipt.json"'
    headers = {"Content-Disposition": name}
    return web.Response(body=found.receipt, content_type="application/json", headers=headers)


async def signed(visit: Visit) -> web.Response:
    """A signed receipt, as the sender gets it. Raises Conflict while there is no final one."""
    found = await _submission(visit)
    desk = visit.parts.receipts
    made = {"accepted": desk.accepted, "final": desk.final}.get(visit.part("kind"))
    if made is None:
        raise NotFound("There is no such receipt.")
    receipt = await made(found.id)
    name = f'attachment; filename="{found.id}.{receipt.kind.value}.jws"'
    headers = {"Content-Disposition": name}
    return web.Response(body=receipt.jws.encode(), content_type="application/jose", headers=headers)


async def _submission(visit: Visit) -> Submission:
    found = await visit.parts.submissions.get(SubmissionId(visit.part("id")))
    if found is None or not sees_submission(visit, found):
        raise NotFound("There is no such submission.")
    return found
