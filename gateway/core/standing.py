"""What the log says of the state of a submission, a record or a delivery, and whether its row in the store agrees.

An entry is written in the transaction that changes the state, so the newest one that speaks of the state says what it
is. Whoever changes a row by hand leaves no entry, and is found (docs/audit-log.md, "Rows and entries").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, permutations

from gateway.core.lifecycle import TRANSITIONS
from gateway.core.model import DeliveryState, RecordState, SubmissionState

SKEW = timedelta(seconds=5)
"""Entries of processes whose clocks differ may stand in either order, as far apart as this."""
ORDERED_ANEW = 5
"""Of so many entries within :data:`SKEW` every order is tried; more keep that of their times."""
CLOSED = "closed"
"""In the place of a state: the details of an entry are destroyed, and no entry says that a record of it was erased."""
OWED = "owed"
"""In the place of a state: a record is owed to somebody whom its entry does not name."""
_OWED = frozenset({DeliveryState.PENDING.value, DeliveryState.CLAIMED.value})

STATES: Mapping[str, frozenset[str]] = {
    "submission.received": frozenset({SubmissionState.RECEIVED.value}),
    "submission.judged": frozenset({SubmissionState.JUDGED.value}),
    "submission.refused": frozenset({SubmissionState.JUDGED.value}),
    "submission.held": frozenset({SubmissionState.HELD.value}),
    "submission.retried": frozenset({SubmissionState.RECEIVED.value}),
    "record.accepted": frozenset({RecordState.ROUTED.value}),
    "record.rerouted": frozenset({RecordState.ROUTED.value}),
    "record.released": frozenset({RecordState.ROUTED.value}),
    "record.refused": frozenset({RecordState.REFUSED.value}),
    "record.parked": frozenset({RecordState.UNROUTABLE.value}),
    "record.withheld": frozenset({RecordState.WITHHELD.value}),
    "delivery.created": _OWED,
    "delivery.attempted": _OWED,
    "delivery.split": _OWED,
    "delivery.retried": _OWED,
    "delivery.released": _OWED,
    "delivery.placed": frozenset({DeliveryState.WAITING.value}),
    "delivery.delivered": frozenset({DeliveryState.DELIVERED.value}),
    "delivery.acknowledged": frozenset({DeliveryState.DELIVERED.value}),
    "delivery.dead": frozenset({DeliveryState.DEAD.value}),
    "delivery.rejected": frozenset({DeliveryState.DEAD.value}),
    "delivery.held": frozenset({DeliveryState.HELD.value}),
    "delivery.withheld": frozenset(
        {DeliveryState.HELD.value, DeliveryState.WITHHELD.value, DeliveryState.WAITING.value}
    ),
    "delivery.withdrawn": frozenset({DeliveryState.WITHDRAWN.value}),
}
"""Action of an entry that speaks of a state -> the states in which it leaves what it is about."""


@dataclass(frozen=True, slots=True)
class Said:
    """An entry that speaks of a state."""

    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A row, ``object`` as entries name it, with its state and all that the log says of that; ``state`` None: the log
    speaks of it, and there is no row."""

    object: str
    state: str | None
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The log and the store disagree: what the newest entry is (None: none speaks of it) and what the row says (None:
    there is none)."""

    object: str
    action: str | None
    state: str | None


def contradiction(standing: Standing, *, pruned: bool) -> Contradiction | None:
    """None where the two agree. ``pruned``: the log has lost its beginning on purpose, so that a row without an entry
    says nothing. A delivery is owed from its record's entry on, before any entry of its own."""
    said = sorted(standing.said, key=lambda one: one.at)
    newest = said[-1].action if said else None
    if standing.state is None:
        return Contradiction(standing.object, newest, None)
    if newest is None:
        silent = pruned or (standing.object.startswith("delivery:") and standing.state in _OWED)
        return None if silent else Contradiction(standing.object, None, standing.state)
    agreed = any(standing.state in STATES[action] for action in _last(said))
    return None if agreed else Contradiction(standing.object, newest, standing.state)


def _last(said: Sequence[Said]) -> set[str]:
    """The actions that may be the newest: of entries that stand close to each other, those that end an order in which
    each may follow the one before it. ``said`` is in the order of time."""
    close = [one.action for one in said if said[-1].at - one.at <= SKEW]
    before = [one.action for one in said[: len(said) - len(close)]][-1:]
    if len(close) > ORDERED_ANEW:
        return {close[-1]}
    ends = {order[-1] for order in _orders(before, close)}
    return ends or {close[-1]}


def _orders(before: list[str], close: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for order in permutations(close):
        if all(_may_follow(one, next_) for one, next_ in pairwise((*before, *order))):
            yield order


_STEPS = frozenset(
    (source.value, transition.target.value) for transition in TRANSITIONS.values() for source in transition.sources
)
_STAYS = frozenset({"delivery.withheld"})
"""A parcel that the guard keeps from its reader goes on waiting."""


def _may_follow(one: str, next_: str) -> bool:
    """Whether a delivery can be left so by the first and then so by the second; of submissions and records, any."""
    if not one.startswith("delivery."):
        return True
    before, after = STATES[one], STATES[next_]
    stays = next_ in _STAYS and bool(before & after)
    return stays or any((source, target) in _STEPS for source in before for target in after)
