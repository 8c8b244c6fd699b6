"""The report on an incident, as one document for programs and as a text that can be sent on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from gateway.core.audit_entry import ACTIONS
from gateway.core.incident import Incident


def document(found: Incident) -> dict[str, object]:
    """All of it, with what is derived."""
    listed = [asdict(one) | {"rest": one.rest} for one in found.listed]
    due = [{"whom": duty.whom, "by": at, "when": duty.when, "rule": duty.rule} for duty, at in found.due()]
    return asdict(found) | {"listed": listed, "due": due}


def lines(found: Incident) -> Iterator[str]:
    """The same for people; ids and counts, no personal data."""
    yield from _head(found)
    yield from _due(found)
    yield from _counts(found)
    yield from _sent(found)
    yield from _listed(found)
    yield from _log(found)


def _head(found: Incident) -> Iterator[str]:
    scope, concerned = found.scope, found.concerned
    yield "INCIDENT REPORT"
    yield f"From        {_time(scope.begin)}"
    yield f"To          {_time(scope.end)}"
    yield f"Partner     {scope.partner or 'all'}"
    yield f"Discovered  {_time(found.discovered_at)}"
    yield f"Made        {_time(found.made_at)}"
    yield f"Entries     {found.entries}, the first {_time(found.first)}, the last {_time(found.last)}"
    yield f"Concerned   {', '.join(f'{count} {kind}' for kind, count in found.objects.items()) or 'nothing'}"
    yield f"Out or read {concerned.records} records, {concerned.erased} of them erased since"
    yield f"Persons     {concerned.persons} at most, in the records that are not erased"


def _due(found: Incident) -> Iterator[str]:
    yield ""
    yield "WHO HAS TO BE TOLD"
    for duty, at in found.due():
        yield f"by {_time(at)}  {duty.whom}: {duty.when} ({duty.rule})"


def _counts(found: Incident) -> Iterator[str]:
    yield ""
    yield "WHAT WAS DONE, BY WHOM: entries, first, last, action, outcome, actor"
    for one in found.tallies:
        span = f"{_time(one.first)}  {_time(one.last)}"
        meaning = ACTIONS.get(one.action, "not known to this version")
        yield f"{one.entries:>10}  {span}  {one.action}  {one.outcome}  {one.actor}  ({meaning})"
    if found.more_tallies:
        yield f"and {found.more_tallies} lines more"


def _sent(found: Incident) -> Iterator[str]:
    yield ""
    yield "WHAT WENT OUT: deliveries, records, kind, from, to"
    for one in found.sent:
        yield f"{one.deliveries:>10}  {one.records:>10}  {one.kind}  {one.sender}  {one.partner}"


def _listed(found: Incident) -> Iterator[str]:
    for one in found.listed:
        yield ""
        yield f"{one.section.upper()}: {one.objects}"
        yield from one.ids
        if one.rest:
            yield f"and {one.rest} more"


def _log(found: Incident) -> Iterator[str]:
    log = found.log
    yield ""
    yield f"THE LOG: {log.size} entries under a signed checkpoint; its tiles: {log.state}"
    if log.pruned:
        yield f"Entries before number {log.pruned} were pruned and are not counted."
    yield "Whether each entry is what was written: gateway audit verify"
    yield "For somebody outside: gateway audit export, then gateway-verify log"
    if log.checkpoint:
        yield ""
        yield log.checkpoint.rstrip("\n")


def _time(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
