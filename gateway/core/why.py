"""Why something was not sent, or was sent by order of a court: the sentence for a reason, without anything of the
record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.disclosure import Override
from gateway.core.model import Delivery, DeliveryState, Record, RecordState
from gateway.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Why:
    """A reason in words, and the version of the policy whose words they are."""

    code: str
    rule: str
    """The requirement that it follows from."""
    title: str
    change: str
    """What would have to change."""
    source: str
    policy: str


ORDERED = "court-order"
"""The code of what left by order of a court."""
_KEPT = (DeliveryState.HELD, DeliveryState.WITHHELD)


def why_record(record: Record, policy: Policy) -> Why | None:
    """Why a record goes to nobody; None when it goes, or was refused by a rule (its findings say why)."""
    kept = record.state in (RecordState.WITHHELD, RecordState.UNROUTABLE)
    return _why(record.reason, policy) if kept else None


def why_delivery(delivery: Delivery, policy: Policy) -> Why | None:
    """Why the guard keeps a delivery; None when it does not."""
    return _why(delivery.cause, policy) if delivery.state in _KEPT else None


def _why(code: str | None, policy: Policy) -> Why | None:
    answer = policy.answers.get(code or "")
    if code is None or answer is None:
        return None
    return Why(code, answer.rule, answer.title, answer.change, answer.source, policy.version)


def why_ordered(orders: Sequence[Override], policy: str) -> Why | None:
    """By which orders a record about protected persons left; None when there are none."""
    if not orders:
        return None
    named = ", and ".join(f"by order {one.id} of the court {one.court} of {one.ordered_on}" for one in orders)
    return Why(
        code=ORDERED,
        rule="V02",
        title=f"It left once {named}.",
        change="Nothing: the order is used up, and what else is asked about the person stays.",
        source="42 USC 653(b)(2), 654(26)(E)",
        policy=policy,
    )
