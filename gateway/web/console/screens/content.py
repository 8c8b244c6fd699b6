"""The content of a record: shown as shapes, and value by value, each time for a reason that is written down."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.errors import Forbidden, NotFound, Refused
from gateway.core.labels import Label, named_label, open_record
from gateway.core.model import Content, Record
from gateway.core.reasons import fit_reason
from gateway.web.amending import shape
from gateway.web.console.screens.records import seen_record
from gateway.web.console.visit import Shown, Visit
from gateway.web.opening import Opening, openings

MOST = 20
"""So many values at once: whoever needs all of them asks for what they need."""


@dataclass(frozen=True, slots=True)
class Line:
    """One element: its path, and its value or its shape."""

    path: str
    text: str
    open: bool


async def asking(visit: Visit) -> Shown:
    """Asks for the reason before anything is opened."""
    found, _ = await seen_record(visit)
    return Shown("content.html", {"record": found, "lines": (), "reason": ""})


async def content(visit: Visit) -> Shown:
    """Opens the record. Without ticked elements all are shapes; ticked ones are shown. Both are entries of the log."""
    found, _ = await seen_record(visit)
    reason, wanted = fit_reason(visit.told("reason")), visit.ticked("path")
    if len(wanted) > MOST:
        raise Refused(f"At most {MOST} values at once.")
    opened = read(visit, found)
    shown = [path for path in opened.fields if path in wanted]
    opening = Opening(found.id, (opened,), reason, len(opened.fields), shown, under=visit.glass)
    await openings(visit.parts).note(visit.actor, opening)
    lines = [
        Line(path, value if path in shown else shape(value), path in shown) for path, value in opened.fields.items()
    ]
    return Shown("content.html", {"record": found, "lines": lines, "reason": reason})


def read(visit: Visit, record: Record) -> Content:
    """The record's content. Raises NotFound when nothing of it is kept, Forbidden for federal tax information behind
    the broken glass: 26 USC 6103 knows no emergency of ours. The caller writes the entry."""
    if record.sealed is None:
        raise NotFound("Nothing of this record's content is kept.")
    if visit.glass is not None and named_label(visit.parts.sealer, record.sealed) is Label.FEDERAL_TAX:
        raise Forbidden("Federal tax information stays shut, in an emergency too.", code="glass-tax")
    return visit.parts.canonical.read(open_record(visit.parts.sealer, record.id, record.sealed))
