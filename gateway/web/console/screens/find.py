"""The one box on every page: paste any id, land on its page. Posted, so that what is pasted stays out of addresses."""

from __future__ import annotations

import re

from aiohttp import web

from gateway.core.model import DeliveryId, JobId, RecordId, SubmissionId
from gateway.web.console.visit import Shown, Visit, elsewhere

MOST = 20
"""So many ids of what is pasted are looked for: a receipt begins with its own, and may name those of a whole file."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def find(visit: Visit) -> web.Response | Shown:
    """Our ids (also inside an address, a receipt or ``record:<id>``), the keys of partners and the codes of rules."""
    text = visit.form.get("id", "").strip().lower()
    for candidate in tuple(dict.fromkeys(_ID.findall(text)))[:MOST]:
        page = await _page(visit, candidate)
        if page:
            return elsewhere(visit, page)
    if text in (await visit.parts.directory()).partners:
        return elsewhere(visit, f"/partners/{text}")
    if text.upper() in visit.parts.rules:
        return elsewhere(visit, f"/rules/{text.upper()}")
    return Shown("not_found.html", {"looks_like_id": bool(_ID.search(text))}, status=404)


async def _page(visit: Visit, found: str) -> str | None:
    parts = visit.parts
    if await parts.records.get(RecordId(found)):
        return f"/records/{found}"
    if await parts.desk.get(DeliveryId(found)):
        return f"/deliveries/{found}"
    if await parts.submissions.get(SubmissionId(found)):
        return f"/submissions/{found}"
    return f"/jobs/{found}" if await parts.jobs.get(JobId(found)) else None
