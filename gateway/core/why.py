"""Why something was not sent, or was sent by order of a court: the sentence for a reason, without anything of the
record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.court_orders import Standing, Stood
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


_USED_UP = "Nothing: the order is used up, and what else is asked about the person stays."
_IN_VAIN: Mapping[Standing, str] = {
    Standing.UNDELIVERED: "The delivery is sent again by the last day of the order, or a new order is asked for.",
    Standing.EXPIRED: "A new order.",
    Standing.WITHDRAWN: "Nothing: the delivery was given up. Another answer needs a new request and a new order.",
}
"""What would have to change where the answer has not arrived by an order."""


def why_ordered(orders: Sequence[Stood], policy: str) -> Why | None:
    """By which orders a record about protected persons left, or was let go in vain; None when there are none."""
    if not orders:
        return None
    standings = {one.standing for one in orders}
    papers = (f"by order {one.order.id} of the court {one.order.court} of {one.order.ordered_on}" for one in orders)
    named = ", and ".join(papers)
    vain = None if Standing.USED in standings else next((_IN_VAIN[one] for one in _IN_VAIN if one in standings), None)
    return Why(
        code=ORDERED,
        rule="V02",
        title=f"It left once {named}." if vain is None else f"It was let go {named}, and has not arrived.",
        change=vain or _USED_UP,
        source="42 USC 653(b)(2), 654(26)(E)",
        policy=policy,
    )
