"""Records: where is my record, and what happened to it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiohttp import web

from gateway.core.audit_entry import ACTIONS
from gateway.core.errors import Conflict, NotFound, Refused
from gateway.core.loss import STEP
from gateway.core.model import (
    Delivery,
    Finding,
    Kind,
    Outcome,
    Page,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    SubmissionId,
)
from gateway.core.ports.listing import Listing
from gateway.core.ports.records import RecordQuery, Step
from gateway.core.retention import Hold, HoldScope
from gateway.web.console.ownership import choices, of_records, sees_delivery, sees_record, visible_steps
from gateway.web.console.rights import Right
from gateway.web.console.visit import Shown, Visit

ATTENTION = (RecordState.UNROUTABLE, RecordState.WITHHELD, RecordState.REFUSED)
"""The first tab: records that did not go on their way."""
FINDING_PAGES = 4
SETBACKS = frozenset(
    {"record.refused", "record.parked", "record.withheld", "delivery.attempted", "delivery.dead", "delivery.held"}
    | {"delivery.withdrawn", "delivery.rejected", "submission.refused"}
)
FAILED = frozenset({Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.OURS})


async def records(visit: Visit) -> Shown:
    """The list; with nothing asked, the records that need attention."""
    view = visit.asked("view") or ("all" if set(visit.request.query) - {"cursor"} else "attention")
    query = of_records(visit, asked_query(visit))
    if view == "attention" and query.state is None:
        query = replace(query, states=ATTENTION)
    listing = await visit.parts.records.search(query, Page(visit.settings.page_size, visit.asked("cursor")))
    return Shown("records.html", await shown_records(visit, listing, view, query))


async def shown_records(visit: Visit, listing: Listing[Record], view: str, query: RecordQuery) -> dict[str, object]:
    directory = await visit.parts.directory()
    return {
        "listing": listing,
        "view": view,
        "query": query,
        "partners": sorted(directory.partners.values(), key=lambda partner: partner.name),
        "parties": choices(visit, directory),
        "kinds": visit.parts.kinds,
        "states": tuple(RecordState),
        "next": following(visit, listing.next),
    }


def following(visit: Visit, cursor: str | None) -> str | None:
    """The address of the next page: this one with its cursor."""
    return str(visit.request.rel_url.update_query(cursor=cursor)) if cursor else None


def asked_query(visit: Visit) -> RecordQuery:
    """The filter of the address. Raises Refused for a state or time that cannot be read."""
    return RecordQuery(
        sender=PartnerKey(visit.asked("sender") or "") or None,
        party=PartnerKey(visit.asked("party") or "") or None,
        kind=Kind(visit.asked("kind") or "") or None,
        state=_state(visit.asked("state")),
        since=asked_time(visit, "since"),
        until=asked_time(visit, "until"),
    )


def _state(text: str | None) -> RecordState | None:
    try:
        return RecordState(text) if text else None
    except ValueError as error:
        raise Refused("There is no such state.") from error


def asked_time(visit: Visit, name: str) -> datetime | None:
    """A UTC time as ``2026-01-31`` or ``2026-01-31T12:30``; one with an offset is meant as it says."""
    text = visit.asked(name)
    try:
        at = datetime.fromisoformat(text) if text else None
        return at if at is None else at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(f"The time {name} is not like 2026-01-31T12:30.") from error


# --- one record ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Milestone:
    """One line of the timeline; like steps in a row are folded into one with their number."""

    step: Step
    count: int = 1
    last: datetime | None = None

    @property
    def meaning(self) -> str:
        """What the action says, in words."""
        if self.step.attempt is not None:
            return "an attempt to hand it over"
        if self.step.action == STEP:
            return "a finding on the payload"
        return ACTIONS.get(self.step.action, self.step.action)

    @property
    def bad(self) -> bool:
        """Whether the record did not get on by this step."""
        return self.step.action in SETBACKS or self.step.outcome in FAILED


async def trace(visit: Visit) -> Shown:
    """Everything that happened to one record."""
    found, every = await seen_record(visit)
    deliveries = tuple(one for one in every if sees_delivery(visit, one))
    steps = visible_steps(visit, found, every, await visit.parts.records.trace(found.id))
    return Shown(
        "record.html",
        {
            "record": found,
            "why": visit.parts.disclosures.of_record(found),
            "ordered": await visit.parts.court.of_record(found.id),
            "places": await visit.parts.court.protected(found) if visit.may(Right.ORDER) else (),
            "erasure": await visit.parts.retention.erased(found.id) if found.digest is None else None,
            "holds": await _holds(visit, found, every) if visit.may(Right.KEPT) else (),
            "milestones": fold(steps),
            "deliveries": deliveries,
            "losses": {one.id: await visit.parts.desk.findings(one.id) for one in deliveries},
            "findings": await _findings(visit, found),
            "rules": visit.parts.rules,
        },
    )


async def _holds(visit: Visit, found: Record, deliveries: tuple[Delivery, ...]) -> tuple[Hold, ...]:
    """The holds that name the record or one of its parties. One of a case is found by whoever knows the case."""
    parties = {found.sender, *(one.partner for one in deliveries)}
    named = {(HoldScope.RECORD, str(found.id)), *((HoldScope.PARTNER, str(one)) for one in parties)}
    return tuple(one for one in await visit.parts.retention.holds() if (one.scope, one.what) in named)


async def proof(visit: Visit) -> web.Response:
    """The proof file. Raises Conflict while the audit log has not numbered the record's entry."""
    found, _ = await seen_record(visit)
    text = await visit.parts.proof(found.id, lambda _entry: True)
    if text is None:
        raise Conflict("The audit log has not numbered this record yet; try again in a second.", code="proof-pending")
    name = f'attachment; filename="{found.id}.proof"'
    return web.Response(text=text, content_type="text/plain", headers={"Content-Disposition": name})


def fold(steps: tuple[Step, ...]) -> tuple[Milestone, ...]:
    """Neighbouring steps of the same kind on the same object with the same outcome become one line (retries). The audit
    entry of a failed attempt says nothing that the attempt itself does not: it is left out where there is one."""
    tried = {step.object for step in steps if step.attempt is not None}
    lines: list[Milestone] = []
    for step in steps:
        if step.action == "delivery.attempted" and step.object in tried:
            continue
        before = lines[-1] if lines else None
        if before and _likeness(before.step) == _likeness(step):
            lines[-1] = replace(before, count=before.count + 1, last=step.at)
        else:
            lines.append(Milestone(step))
    return tuple(lines)


def _likeness(step: Step) -> tuple[object, ...]:
    return step.action, step.object, step.outcome, step.actor, step.details.get("code"), step.details.get("path")


async def seen_record(visit: Visit) -> tuple[Record, tuple[Delivery, ...]]:
    """The record of the address with its deliveries. Raises NotFound when there is none, or not for this operator."""
    found = await visit.parts.records.get(RecordId(visit.part("id")))
    deliveries = await visit.parts.records.deliveries(found.id) if found else ()
    if found is None or not sees_record(visit, found, deliveries):
        raise NotFound("There is no such record.")
    return found, deliveries


async def _findings(visit: Visit, found: Record) -> tuple[Finding, ...]:
    """The findings of one record, wherever in its file it stands; the first of a record that has very many."""
    collected: list[Finding] = []
    cursor: str | None = None
    for _ in range(FINDING_PAGES):
        listing = await visit.parts.submissions.findings(
            SubmissionId(found.submission), None, Page(500, cursor), record=found.ordinal
        )
        collected += listing.rows
        cursor = listing.next
        if cursor is None:
            break
    return tuple(collected)
