"""The clock on changes of a family violence indicator toward the federal case registry: five business days from their
receipt, an alarm on the third (45 CFR 307.11(f)(1); L07, T25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.core.business_days import business_days_after, civil_date
from gateway.core.model import DeliveryId, PartnerKey, RecordId

LIMIT, ALARM = 5, 3
"""Business days."""


class Stage(StrEnum):
    """How far the time of a change that has not been sent has gone."""

    OPEN = "open"
    NEAR = "near"
    """The third business day has come."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Change:
    """A record that turns an indicator on or off and that the registry does not have yet."""

    record: RecordId
    sender: PartnerKey
    received_at: datetime
    where: str
    """State of its delivery; ``gathering`` while it waits for one; else the state of the record."""
    cause: str | None = None
    """Why it is kept, when something keeps it."""
    delivery: DeliveryId | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A change with its days: when the alarm begins, and the last day on which it is in time."""

    change: Change
    alarm_on: date
    due_on: date
    stage: Stage


def due(change: Change, now: datetime, postal: str | None) -> Due:
    """``postal``: the state whose duty it is; None: not known, then federal days count."""
    received, today = civil_date(change.received_at, postal), civil_date(now, postal)
    alarm_on = business_days_after(received, ALARM, postal)
    due_on = business_days_after(received, LIMIT, postal)
    stage = Stage.OVERDUE if today > due_on else Stage.NEAR if today >= alarm_on else Stage.OPEN
    return Due(change, alarm_on, due_on, stage)
