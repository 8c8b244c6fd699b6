"""The tiles of the overview: is anything wrong, and is it us or them? Pure: figures in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.core.model import Fault
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.ports.deliveries import CauseGroup, PartnerQueue
from gateway.core.ports.health import BreakerRow
from gateway.core.ports.key_report import KeyLine
from gateway.web.console.plots import DASH
from gateway.web.console.pulse import Reading
from gateway.web.console.words import age, things

OLD_BACKLOG = timedelta(minutes=15)
"""A default to review: something that has waited longer than this deserves a look."""
LOG_STANDS = timedelta(minutes=10)
"""The alert GatewayLogStands waits as long."""
REFUSED_SHARE = 0.1
_SHOWN_KEYS = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its judgement. ``state`` is ``Good``, ``Review`` (look at it), ``Act`` or ``Unknown``."""

    title: str
    state: str
    number: str
    sentence: str
    link: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What the overview judges."""

    now: datetime
    counts: Mapping[str, int]
    """Of the last 24 hours: ``submissions``, ``records.<state>``, ``deliveries.<state>``."""
    queues: Sequence[PartnerQueue]
    groups: Sequence[CauseGroup]
    head: Checkpoint | None
    readings: Sequence[Reading]
    keys: Sequence[KeyLine] = ()
    """Keys that need a person."""
    unnumbered: datetime | None = None
    """Since when the oldest entry of the audit log waits for its number; None: none waits."""
    unfit: Mapping[str, int] = field(default_factory=dict)
    """Partner -> acknowledgements of the last 24 hours that do not fit what was sent."""


def tiles(picture: Picture) -> tuple[Tile, ...]:
    """The six tiles, in the order of a record's path."""
    return (
        _intake(picture),
        _routing(picture),
        _delivery(picture),
        _dead(picture),
        _audit(picture),
        _gateway(picture),
    )


def _intake(picture: Picture) -> Tile:
    posted = picture.counts.get("submissions", 0)
    records = sum(n for name, n in picture.counts.items() if name.startswith("records."))
    refused = picture.counts.get("records.refused", 0)
    sentence = f"{things(records, 'record')} in {things(posted, 'submission')} in 24 hours, {refused:,} refused"
    state = "Review" if records and refused / records > REFUSED_SHARE else "Good"
    return Tile("Intake", state, f"{records:,}", sentence, "/submissions")


def _routing(picture: Picture) -> Tile:
    parked = picture.counts.get("records.unroutable", 0)
    withheld = picture.counts.get("records.withheld", 0)
    sentence = f"{things(parked, 'record')} without an agreement, {withheld:,} withheld, in 24 hours"
    return Tile("Routing", "Review" if parked else "Good", f"{parked + withheld:,}", sentence, "/records")


def _delivery(picture: Picture) -> Tile:
    waiting = sum(queue.pending + queue.claimed + queue.gathering for queue in picture.queues)
    oldest = min((queue.oldest for queue in picture.queues if queue.oldest), default=None)
    if oldest is None:
        return Tile("Delivery", "Good", f"{waiting:,}", "in hand" if waiting else "Nothing waits", "/queues")
    span = picture.now - oldest
    state = "Review" if span > OLD_BACKLOG else "Good"
    return Tile("Delivery", state, f"{waiting:,}", f"waiting, the oldest for {age(span.total_seconds())}", "/queues")


def _dead(picture: Picture) -> Tile:
    dead = sum(group.count for group in picture.groups)
    if not dead:
        return Tile("Dead letters", "Good", "0", "Nothing needs a person", "/dead")
    ours = sum(group.count for group in picture.groups if group.fault in (None, Fault.GATEWAY))
    causes = {(group.cause, group.fault) for group in picture.groups}  # a group is of one partner and kind as well
    sentence = f"{things(len(causes), 'cause')}, {ours:,} on our side"
    return Tile("Dead letters", "Act", f"{dead:,}", sentence, "/dead")


def _audit(picture: Picture) -> Tile:
    number = DASH if picture.head is None else f"{picture.head.size:,}"
    if picture.unnumbered is not None and (waits := picture.now - picture.unnumbered) > LOG_STANDS:
        sentence = f"entries; others wait for their number for {age(waits.total_seconds())}: is an integrator running?"
        return Tile("Audit log", "Act", number, sentence, "/audit")
    if picture.head is None:
        return Tile("Audit log", "Unknown", number, "No checkpoint yet", "/audit")
    span = picture.now - picture.head.at
    sentence = f"entries, last checkpoint {age(span.total_seconds())} ago"
    return Tile("Audit log", "Good", number, sentence, "/audit")


def _gateway(picture: Picture) -> Tile:
    failed = [reading.name for reading in picture.readings if reading.state != "ok"]
    if not picture.readings:
        return Tile("Gateway", "Unknown", DASH, "Not checked yet", "/system")
    number = f"{len(picture.readings) - len(failed)}/{len(picture.readings)}"
    sentence = f"failed: {', '.join(failed)}" if failed else "checks passed"
    if picture.keys:
        told = "; ".join(f"{line.id}: {line.attention}" for line in picture.keys[:_SHOWN_KEYS])
        overdue = any(line.days is not None and line.days < 0 for line in picture.keys)
        state = "Act" if failed or overdue else "Review"
        return Tile("Gateway", state, number, f"{sentence}; {told}", "/system#keys")
    return Tile("Gateway", "Act" if failed else "Good", number, sentence, "/system")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A partner that needs attention, and why."""

    partner: str
    state: str
    why: str


def _next_try(at: datetime | None) -> str:
    return f"; next try at {at:%H:%M:%S} UTC" if at else ""


def troubles(picture: Picture, breakers: Sequence[BreakerRow], paused: Sequence[str]) -> tuple[Trouble, ...]:
    """Partners whose acknowledgements do not fit, whose breaker is not closed, that are paused, or whose backlog is
    old; the worst first."""
    found = [
        Trouble(partner, "Act", f"{things(count, 'acknowledgement')} in 24 hours not of what was sent")
        for partner, count in sorted(picture.unfit.items())
    ]
    found += [
        Trouble(
            row.partner,
            f"breaker {row.state}",
            f"{things(row.failures, 'failure')} in a row" + _next_try(row.probe_at),
        )
        for row in sorted(breakers, key=lambda row: row.state != "open")
        if row.state != "closed"
    ]
    found += [Trouble(partner, "paused", "paused by an operator") for partner in paused]
    named = {trouble.partner for trouble in found}
    for queue in picture.queues:
        span = picture.now - queue.oldest if queue.oldest else timedelta(0)
        if queue.partner not in named and span > OLD_BACKLOG:
            found.append(Trouble(queue.partner, "Review", f"the oldest waits for {age(span.total_seconds())}"))
    return tuple(found)
