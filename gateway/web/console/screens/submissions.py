"""Submissions: what do senders get wrong?"""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import NotFound
from gateway.core.model import Page, PartnerKey, Submission, SubmissionId
from gateway.web.console.ownership import own, sees_submission
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit


async def submissions(visit: Visit) -> Shown:
    mine = own(visit)
    sender = PartnerKey(visit.asked("sender") or "") or None if mine is None else mine
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    listing = await visit.parts.submissions.list(sender, page)
    directory = await visit.parts.directory()
    return Shown(
        "submissions.html",
        {
            "listing": listing,
            "sender": sender,
            "partners": sorted(directory.partners.values(), key=lambda partner: partner.name),
            "next": following(visit, listing.next),
        },
    )


async def submission(visit: Visit) -> Shown:
    found = await _submission(visit)
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    listing = await visit.parts.submissions.records(found.id, None, page)
    return Shown(
        "submission.html",
        {
            "submission": found,
            "groups": await visit.parts.submissions.summary(found.id),
            "rules": visit.parts.rules,
            "listing": listing,
            "next": following(visit, listing.next),
        },
    )


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
