"""One try at handing a delivery over, and what becomes of the delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.model.audit import AuditEntry
from gateway.core.model.delivery import Delivery, DeliveryState, Fault
from gateway.core.model.finding import Finding
from gateway.core.model.names import DeliveryId, Digest, RecordId
from gateway.core.swift import swift


class Outcome(StrEnum):
    DELIVERED = "delivered"
    WAITING = "waiting"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    OURS = "ours"
    """A fault on our side: the delivery goes back as it was and nothing is counted."""


@swift
class Attempt:
    """One try at handing a delivery over."""

    delivery: DeliveryId
    number: int
    begun_at: datetime
    ended_at: datetime
    outcome: Outcome
    code: str | None = None
    answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Apart:
    """A record that is taken out of its delivery: the delivery of its own in which it stays, and the entry of that."""

    record: RecordId
    delivery: Delivery
    """``withheld``, with the reason as its cause; its number is given when it is written."""
    entry: AuditEntry


@swift
class Settlement:
    """What becomes of a claimed delivery. ``attempt`` None: nothing is counted (a fault of ours)."""

    delivery: DeliveryId
    owner: str
    state: DeliveryState
    due_at: datetime
    attempt: Attempt | None
    digest: Digest | None = None
    size: int | None = None
    cause: str | None = None
    fault: Fault | None = None
    findings: tuple[Finding, ...] = ()
    """What the payload could not carry; only of the attempt that first composed it."""
    apart: tuple[Apart, ...] = ()
    """Records that are taken out of it; the rest goes on as the delivery."""
