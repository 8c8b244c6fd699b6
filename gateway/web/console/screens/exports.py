"""Exporting a list of records: metadata alone, for a selection that two people agreed on."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from aiohttp import web

from gateway.core.errors import Conflict, NotFound, Refused
from gateway.core.four_eyes import Act, Request
from gateway.core.model import Kind, Page, PartnerKey, Record, RecordState
from gateway.core.ports.records import RecordQuery
from gateway.core.spreadsheet import Spreadsheet
from gateway.web.approving import Person, Wish, known, second_words
from gateway.web.console.screens.records import asked_query
from gateway.web.console.visit import Shown, Visit, elsewhere

COLUMNS = (
    "id",
    "submission",
    "ordinal",
    "kind",
    "transaction",
    "sender",
    "recipient",
    "state",
    "reason",
    "received_at",
)
MOST = 100_000
PAGE = 500
OBJECT = "records:list"


async def ask(visit: Visit) -> web.Response:
    """Freeze the filter of the list and which records it shows now, and ask for a second person."""
    query = asked_query(visit)
    rows = [one async for one in _matching(visit, query, "")]
    if not rows:
        raise Refused("Nothing matches: there is nothing to export.")
    named = {"sender": query.sender, "party": query.party, "kind": query.kind, "state": query.state}
    terms: dict[str, str | int] = {name: str(value) for name, value in named.items() if value is not None}
    for name, at in (("since", query.since), ("until", query.until)):
        if at is not None:
            terms[name] = at.isoformat()
    terms |= {"records": len(rows), "newest": rows[0].id, "records_sha256": _digest(rows)}
    role = known(visit.operator.role if visit.operator else "")
    request = await second_words(visit.parts).pending_or_asked(
        Person(visit.actor, role), Wish(Act.EXPORT, OBJECT, terms), visit.told("reason")
    )
    return elsewhere(visit, f"/approvals/{request.id}")


async def export(visit: Visit) -> Shown:
    """The agreed selection, ready to be taken."""
    return Shown("export.html", {"request": await _agreed(visit), "columns": COLUMNS})


async def take(visit: Visit) -> web.Response:
    """The list as CSV; spends the permission. Raises Conflict (``approval-needed``), and spends nothing, when other
    records match by now than two people agreed on: states move, and records are erased."""
    request = await _agreed(visit)
    rows = [one async for one in _matching(visit, _query(request), str(request.terms["newest"]))]
    if (len(rows), _digest(rows)) != (request.terms["records"], request.terms.get("records_sha256", _digest(rows))):
        told = "Other records match by now than were agreed on: ask for the export anew."
        raise Conflict(told, code="approval-needed")
    await second_words(visit.parts).use(visit.actor, Wish(request.act, request.object, request.terms))
    await visit.parts.retention.register(visit.actor, "records-list", f"approval:{request.id}", request.reason)
    page = Spreadsheet(COLUMNS)
    for one in rows:
        page.add(_cell(getattr(one, name)) for name in COLUMNS)
    headers = {"Content-Disposition": f'attachment; filename="records-{request.id}.csv"'}
    return web.Response(text=page.text(), content_type="text/csv", charset="utf-8", headers=headers)


async def _agreed(visit: Visit) -> Request:
    found = await visit.parts.approvals.get(visit.part("id"))
    if found is None or found.act is not Act.EXPORT or found.asked_by != str(visit.actor):
        raise NotFound("There is no such export of yours.")
    return found


async def _matching(visit: Visit, query: RecordQuery, newest: str) -> AsyncIterator[Record]:
    """Newest first, none newer than ``newest`` (empty: all). Raises Refused for more than :data:`MOST`."""
    cursor, count = None, 0
    while True:
        listing = await visit.parts.records.search(query, Page(PAGE, cursor))
        for one in listing.rows:
            if newest and one.id > newest:
                continue
            count += 1
            if count > MOST:
                raise Refused(f"More than {MOST:,} records match; narrow the list.")
            yield one
        cursor = listing.next
        if cursor is None:
            return


def _digest(rows: Sequence[Record]) -> str:
    """Which records these are, in their order."""
    ids = hashlib.sha256()
    for one in rows:
        ids.update(f"{one.id}\n".encode())
    return ids.hexdigest()


def _query(request: Request) -> RecordQuery:
    terms = {name: str(value) for name, value in request.terms.items()}
    return RecordQuery(
        sender=PartnerKey(terms["sender"]) if "sender" in terms else None,
        party=PartnerKey(terms["party"]) if "party" in terms else None,
        kind=Kind(terms["kind"]) if "kind" in terms else None,
        state=RecordState(terms["state"]) if "state" in terms else None,
        since=_time(terms.get("since")),
        until=_time(terms.get("until")),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)
