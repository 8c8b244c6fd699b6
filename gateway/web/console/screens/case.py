"""Records of one case. The case id comes in a form and stays out of every address and page: nobody can share them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from gateway.core.errors import Refused, Tampered
from gateway.core.model import Page, PartnerKey, RecordId
from gateway.core.ports.records import RecordQuery
from gateway.web.console.ownership import own
from gateway.web.console.screens.records import shown_records
from gateway.web.console.visit import Shown, Visit

_LABEL = "records"


async def by_case(visit: Visit) -> Shown:
    """A page of the records that any sender has filed under the case id, or one alone; newest first."""
    case_id, sender = _opened(visit) if visit.told("search") else (visit.told("case_id"), visit.told("sender"))
    if not case_id:
        raise Refused("Enter a case id.")
    mine = own(visit)
    senders = [sender] if sender else (await visit.parts.directory()).partners
    cases = [case for one in ([mine] if mine is not None else senders) for case in _indexes(visit, one, case_id)]
    page = Page(visit.settings.page_size, visit.told("cursor") or None)
    listing = await visit.parts.records.search(RecordQuery(cases=tuple(cases)), page)
    await _note(visit, [row.id for row in listing.rows])
    values = await shown_records(visit, listing, "case", RecordQuery())
    more = {"search": _sealed(visit, case_id, sender), "cursor": listing.next} if listing.next else {}
    return Shown("records.html", values | {"next": None, "more": more})


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


def _sealed(visit: Visit, case_id: str, sender: str) -> str:
    """What is searched for, sealed for this session: it comes back with the form for the next page."""
    plain = json.dumps([case_id, sender]).encode()
    return base64.b64encode(visit.parts.sealer.seal(_LABEL, _context(visit), plain)).decode()


def _opened(visit: Visit) -> tuple[str, str]:
    try:
        sealed = base64.b64decode(visit.told("search"), validate=True)
        case_id, sender = json.loads(visit.parts.sealer.open(_LABEL, _context(visit), sealed))
    except (binascii.Error, Tampered):
        raise Refused("The form is out of date: search again.", code="csrf") from None
    return case_id, sender


def _context(visit: Visit) -> str:
    session = visit.session
    return f"case-search:{session.token_digest.hex() if session else ''}"
