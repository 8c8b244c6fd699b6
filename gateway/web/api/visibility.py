"""Who sees what: a partner sees what it sent and what is owed to it, an operator sees all; the rest does not exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gateway.core.amendment import AMENDED
from gateway.core.model import Delivery, Principal, Record, Submission
from gateway.core.ports.records import Step


def is_operator(caller: Principal) -> bool:
    return caller.partner is None


def sent(caller: Principal, record: Record) -> bool:
    """Whether the caller may be told all about the record: its sender, or an operator."""
    return is_operator(caller) or record.sender == caller.partner


def sees_submission(caller: Principal, submission: Submission) -> bool:
    return is_operator(caller) or submission.sender == caller.partner


def sees_delivery(caller: Principal, delivery: Delivery) -> bool:
    return is_operator(caller) or caller.partner in (delivery.partner, delivery.sender)


def sees_record(caller: Principal, record: Record, deliveries: Sequence[Delivery]) -> bool:
    """Sender, addressee, or somebody to whom a delivery of it is owed (subscribers)."""
    parties = {record.sender, record.recipient, *(delivery.partner for delivery in deliveries)}
    return is_operator(caller) or caller.partner in parties


def visible_steps(
    caller: Principal, record: Record, deliveries: Sequence[Delivery], steps: Sequence[Step]
) -> list[Step]:
    """The steps of a trace that the caller may see: of the record, of deliveries that it sees, and of the submission
    when it sent it."""
    objects = {f"record:{record.id}", *(f"delivery:{d.id}" for d in deliveries if sees_delivery(caller, d))}
    if sent(caller, record):
        objects.add(f"submission:{record.submission}")
    return [
        step if opened(caller, record, step.action, step.object) else replace(step, details={})
        for step in steps
        if is_operator(caller) or (step.object in objects and concerns(step.action, step.details, objects))
    ]


def opened(caller: Principal, record: Record, action: str, obj: str) -> bool:
    """Whether the caller is told the details of what was done to a record or a delivery of it. Who only gets a record
    must not learn who else does, or why somebody does not; why a person of the gateway looked into it is nobody's."""
    if is_operator(caller):
        return True
    return action != "record.read" and (sent(caller, record) or obj != f"record:{record.id}")


def concerns(action: str, details: Mapping[str, str | int], objects: Collection[str]) -> bool:
    """Whether what was done to an object is about one that is seen. An amendment is about what one delivery carries of
    the record: other recipients must not learn from it that there is another."""
    return action != AMENDED or f"delivery:{details.get('delivery')}" in objects
