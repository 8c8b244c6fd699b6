"""Records of one case. The case id comes in a form and stays out of every page; in the address of what was found it is
sealed for the login that asked: nobody can share it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import web

from gateway.core.errors import Refused
from gateway.core.model import Page, PartnerKey, RecordId
from gateway.core.ports.records import RecordQuery
from gateway.web.console.kept import given_back, kept
from gateway.web.console.ownership import own
from gateway.web.console.screens.records import shown_records
from gateway.web.console.visit import Shown, Visit, elsewhere

_PAGE, _PURPOSE = "/records/case", "case-search"
_OUTDATED = "The search is out of date or not of your login: search again."


async def look(visit: Visit) -> web.Response:
    """Leads to the page of what was found: browsers do not go back to what a form answered and nobody may store."""
    case_id = visit.told("case_id")
    if not case_id:
        raise Refused("Enter a case id.")
    search = kept(visit, _PURPOSE, [case_id, visit.told("sender")])
    return elsewhere(visit, f"{_PAGE}?search={quote(search, safe='')}")


async def by_case(visit: Visit) -> Shown:
    """A page of the records that any sender has filed under the case id, or one alone; newest first."""
    case_id, sender = given_back(visit, _PURPOSE, visit.request.query.get("search", ""), _OUTDATED)
    mine = own(visit)
    senders = [sender] if sender else (await visit.parts.directory()).partners
    cases = [case for one in ([mine] if mine is not None else senders) for case in _indexes(visit, one, case_id)]
    page = Page(visit.settings.page_size, visit.asked("cursor"))
    listing = await visit.parts.records.search(RecordQuery(cases=tuple(cases)), page)
    await _note(visit, [row.id for row in listing.rows])
    return Shown("records.html", await shown_records(visit, listing, "case", RecordQuery()))


async def _note(visit: Visit, found: Sequence[RecordId]) -> None:
    """Whoever knows a case id learns from the answer that there is such a case: the entry tells who asked and what was
    shown, never the case."""
    search = visit.parts.mint()
    details: dict[str, str | int] = {"count": len(found), "found": " ".join(found)}
    entry = visit.parts.scribe.entry(visit.actor, "case.searched", f"search:{search}", "ok", details)
    await visit.parts.audit.write([entry])


def _indexes(visit: Visit, sender: str, case_id: str) -> tuple[bytes, ...]:
    """The blind indexes under which intake files the records of a sender's case."""
    return visit.parts.indexer.tokens(f"case:{PartnerKey(sender)}", case_id)
