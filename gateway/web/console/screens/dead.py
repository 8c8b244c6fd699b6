"""Dead letters: what broke, how many, one cause or many? Selections are frozen before anything happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aiohttp import web

from gateway.core.causes import cause_of
from gateway.core.errors import Forbidden, NotFound, Refused
from gateway.core.model import Delivery, DeliveryId, DeliveryState, Fault, Page
from gateway.core.ports.deliveries import CauseGroup, DeliveryQuery
from gateway.core.ports.listing import Listing
from gateway.web import operations
from gateway.web.console import plots
from gateway.web.console.rights import Right
from gateway.web.console.screens.records import following
from gateway.web.console.visit import Shown, Visit, elsewhere
from gateway.web.console.words import FAULTS, things
from gateway.web.operations import Action

GROUP = ("cause", "partner", "kind", "fault")
"""What names a group, in addresses and forms."""
MOST_BARS = 8
PAGE = 500
MOST_SELECTED = 100_000
"""A plan over more dead letters than this needs a narrower selection."""


async def dead(visit: Visit) -> Shown:
    """The groups of one kind of fault; the tab with the most dead letters comes first when none is asked for."""
    groups = await visit.parts.desk.groups()
    counts = {fault: sum(group.count for group in groups if fault_of(group) is fault) for fault in FAULTS}
    fault = _fault(visit.asked("fault")) or max(counts, key=lambda one: counts[one])
    shown = tuple(group for group in groups if fault_of(group) is fault)
    bars = _bars(shown)
    description = f"{things(counts[fault], 'dead letter')} in {things(len(shown), 'group')}; the biggest first."
    if len(bars) > MOST_BARS:
        description += f" The plot shows {MOST_BARS} of {len(bars)}."
    return Shown(
        "dead.html",
        {
            "faults": FAULTS,
            "fault": fault,
            "counts": counts,
            "groups": shown,
            "description": description,
            "plot": plots.bars("Dead letters by cause and partner", description, bars[:MOST_BARS]) if bars else "",
        },
    )


def _bars(groups: Sequence[CauseGroup]) -> Sequence[plots.Bar]:
    """One bar for each cause and partner, the biggest first, whatever kinds of records the letters carry."""
    found: Counter[str] = Counter()
    for group in groups:
        found[f"{group.cause}, {group.partner}"] += group.count
    return [plots.Bar(label, count) for label, count in found.most_common()]


async def group(visit: Visit) -> Shown:
    """The dead letters of one group, to be ticked."""
    found = await _group(visit, {name: visit.asked(name) or "" for name in GROUP})
    listing = await _listing(visit, found, visit.asked("cursor"))
    return Shown(
        "dead_group.html",
        {
            "group": found,
            "cause": cause_of(found.cause, visit.parts.rules),
            "fault": fault_of(found),
            "listing": listing,
            "next": following(visit, listing.next),
        },
    )


async def plan(visit: Visit) -> web.Response:
    """Freeze what is ticked, or all that match now, and show the plan. Nothing is sent before it is confirmed."""
    found = await _group(visit, {name: visit.told(name) for name in GROUP})
    try:
        action = Action(visit.told("action"))
    except ValueError as error:
        raise Refused("Choose retry or withdraw.") from error
    if action is Action.WITHDRAW and not visit.may(Right.WITHDRAW):
        raise Forbidden("Your role does not allow to withdraw.")
    if visit.told("scope") == "all":
        ids = await _all_of(visit, found)
    else:
        ids = tuple(DeliveryId(one) for one in visit.ticked("delivery"))
    if not ids:
        raise Refused("Nothing is selected. Tick at least one dead letter, or choose all that match.")
    job = await operations.plan(visit.parts, visit.actor, action, visit.told("reason"), ids)
    return elsewhere(visit, f"/jobs/{job.id}")


def fault_of(found: CauseGroup) -> Fault:
    """Whose fault it is; one that was never attributed is ours to look at."""
    return found.fault or Fault.GATEWAY


def _fault(text: str | None) -> Fault | None:
    try:
        return Fault(text) if text else None
    except ValueError as error:
        raise Refused("There is no such fault.") from error


async def _group(visit: Visit, named: Mapping[str, str]) -> CauseGroup:
    """The group that a request names."""
    wanted = tuple(named[name] for name in GROUP)
    for found in await visit.parts.desk.groups():
        if (found.cause, found.partner, found.kind, fault_of(found).value) == wanted:
            return found
    raise NotFound("This group has no dead letters any more.")


async def _listing(visit: Visit, found: CauseGroup, cursor: str | None) -> Listing[Delivery]:
    listing = await visit.parts.desk.list(_query(found), Page(visit.settings.page_size, cursor))
    return Listing(tuple(one for one in listing.rows if one.fault == found.fault), listing.next)


async def _all_of(visit: Visit, found: CauseGroup) -> tuple[DeliveryId, ...]:
    """The ids of all dead letters of the group now."""
    ids: list[DeliveryId] = []
    cursor: str | None = None
    while len(ids) <= MOST_SELECTED:
        listing = await visit.parts.desk.list(_query(found), Page(PAGE, cursor))
        ids += [one.id for one in listing.rows if one.fault == found.fault]
        cursor = listing.next
        if cursor is None:
            return tuple(ids)
    raise Refused(f"More than {MOST_SELECTED:,} dead letters match; retry them in parts.")


def _query(found: CauseGroup) -> DeliveryQuery:
    """The group, so that its pages are full; of a group that was never attributed the others have to be left out."""
    return DeliveryQuery(
        partner=found.partner, state=DeliveryState.DEAD, cause=found.cause, kind=found.kind, fault=found.fault
    )
