"""The life of a delivery as one table: which event moves it from which states to which.

The store's guards, the console's buttons, the documentation (docs/lifecycle.md) and the tests read this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.model import DeliveryState

PENDING, CLAIMED, WAITING, DELIVERED, DEAD, HELD, WITHHELD, WITHDRAWN = DeliveryState


class Event(StrEnum):
    """What can happen to a delivery."""

    CLAIM = "a dispatcher claims it"
    HAND_OVER = "the partner has it"
    PLACE = "it lies in the partner's mailbox, or waits for the partner's word"
    POSTPONE = "the attempt failed and another is due, or the fault was ours"
    GIVE_UP = "no further attempt makes sense"
    KEEP_BACK = "the disclosure guard keeps all of it, or its bytes are not those of an earlier attempt"
    TAKE_OUT = "the disclosure guard keeps a record of several: it stays behind in a delivery of its own"
    LET_ON = "a record was taken out; the others go on under the same id"
    LEASE_ENDS = "its dispatcher died or was too slow"
    ACKNOWLEDGE = "the partner says that it has it"
    REJECT = "the partner says that it cannot use it"
    RETRY = "a person sends it on its way again"
    WITHDRAW = "a person gives it up"


@dataclass(frozen=True, slots=True)
class Transition:
    sources: frozenset[DeliveryState]
    target: DeliveryState


TRANSITIONS: Mapping[Event, Transition] = {
    Event.CLAIM: Transition(frozenset({PENDING}), CLAIMED),
    Event.HAND_OVER: Transition(frozenset({CLAIMED}), DELIVERED),
    Event.PLACE: Transition(frozenset({CLAIMED}), WAITING),
    Event.POSTPONE: Transition(frozenset({CLAIMED}), PENDING),
    Event.GIVE_UP: Transition(frozenset({CLAIMED}), DEAD),
    Event.KEEP_BACK: Transition(frozenset({CLAIMED}), HELD),
    Event.TAKE_OUT: Transition(frozenset({CLAIMED, WAITING}), WITHHELD),
    Event.LET_ON: Transition(frozenset({CLAIMED, WAITING}), PENDING),
    Event.LEASE_ENDS: Transition(frozenset({CLAIMED}), PENDING),
    Event.ACKNOWLEDGE: Transition(frozenset({WAITING, DELIVERED}), DELIVERED),
    Event.REJECT: Transition(frozenset({WAITING, DELIVERED}), DEAD),
    Event.RETRY: Transition(frozenset({DEAD, HELD, WITHHELD}), PENDING),
    Event.WITHDRAW: Transition(frozenset({PENDING, WAITING, DEAD, HELD, WITHHELD}), WITHDRAWN),
}

SETTLED = frozenset({DELIVERED, WITHDRAWN})
"""Nothing is owed any more; the next one of its lane may go."""


def sources(event: Event) -> frozenset[DeliveryState]:
    """The states in which the event may happen."""
    return TRANSITIONS[event].sources


def may(state: DeliveryState, event: Event) -> bool:
    return state in TRANSITIONS[event].sources


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> pending"]
    for event, transition in TRANSITIONS.items():
        lines += [f"    {source} --> {transition.target}: {event}" for source in sorted(transition.sources)]
    return "\n".join([*lines, "    delivered --> [*]", "    withdrawn --> [*]"])
