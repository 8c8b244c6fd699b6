"""Breaking the glass: content in an emergency, for a short time, which somebody else has to look through afterwards.

Source: 45 CFR 164.312(a)(2)(ii), emergency access procedure. Reading only: nothing else is allowed by it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.errors import Conflict, Forbidden
from gateway.core.roles import Role

GLASS = "glass"
"""The kind of its object in the audit log, and the member of an entry's details that says under which use a record was
opened."""


class Emergency(StrEnum):
    """Why the glass is broken."""

    DANGER = "danger-to-a-person"
    CARE = "medical-care"
    COURT = "court-waits"
    ABSENCE = "nobody-with-the-role"
    OUTAGE = "another-system-is-down"


EMERGENCIES: Mapping[Emergency, str] = {
    Emergency.DANGER: "somebody is or may be in danger",
    Emergency.CARE: "somebody needs medical care that depends on it",
    Emergency.COURT: "a court or the police wait for an answer today",
    Emergency.ABSENCE: "it has to be done now, and nobody with the role can be reached",
    Emergency.OUTAGE: "the system in which it is looked up otherwise is down",
}
"""Code -> what it says."""


class Verdict(StrEnum):
    """What the review found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"
    REFERRED = "referred"


VERDICTS: Mapping[Verdict, str] = {
    Verdict.JUSTIFIED: "there was an emergency, and what was opened belongs to it",
    Verdict.NOT_JUSTIFIED: "there was none, or more was opened than it needed",
    Verdict.REFERRED: "somebody else goes on with it: personnel, counsel, an incident",
}


class End(StrEnum):
    """How a use ended."""

    TIME = "time"
    GIVEN_BACK = "given-back"
    LOGOUT = "logout"


class Stage(StrEnum):
    """Where a use stands that nobody has reviewed."""

    BROKEN = "broken"
    TO_REVIEW = "to-review"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody's word on a use, once it is over. ``note`` names no person."""

    by: str
    at: datetime
    verdict: Verdict
    note: str


@dataclass(frozen=True, slots=True)
class Use:
    """One use, which is its review's task until there is a review."""

    id: str
    operator: str
    role: str
    """What the account was then."""
    emergency: Emergency
    reason: str
    login_at: datetime
    """When the login began for which it holds: another one has nothing of it."""
    broken_at: datetime
    until: datetime
    review_by: datetime
    """The end of the last day for its review."""
    ended_at: datetime | None = None
    review: Review | None = None

    def holds(self, now: datetime) -> bool:
        """Whether content may be opened under it."""
        return self.ended_at is None and now < self.until

    def over_at(self, now: datetime) -> datetime:
        """When it ended, or will have by ``now`` at the latest."""
        return min(self.ended_at or now, self.until)

    def stage(self, now: datetime) -> Stage | None:
        """None: it is reviewed."""
        if self.review is not None:
            return None
        if self.holds(now):
            return Stage.BROKEN
        return Stage.OVERDUE if now >= self.review_by else Stage.TO_REVIEW


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that was opened under a use."""

    at: datetime
    record: str
    outcome: str
    """``masked`` (shapes alone) or ``shown``."""


def review_by(broken_at: datetime, days: int) -> datetime:
    """The end of the ``days``-th working day after, where federal offices are open."""
    from gateway.core.business_days import (  # noqa: PLC0415 - commands take the codes above without the holidays
        business_days_after,
        civil_date,
        day_ends,
    )

    return day_ends(business_days_after(civil_date(broken_at, None), days, None), None)


def until(now: datetime, span: timedelta, login_ends: datetime) -> datetime:
    """How long it holds: never longer than the login."""
    return min(now + span, login_ends)


def check_reviewer(use: Use, name: str, role: Role | None, now: datetime) -> None:
    """Raises Forbidden for whoever broke the glass and for everybody but a security officer, Conflict while the use is
    not over or when there is a review."""
    if name == use.operator:
        raise Forbidden("Nobody reviews what they did themselves.", code="glass-own")
    if role is not Role.SECURITY_OFFICER:
        raise Forbidden("Only a security officer may review this.", code="glass-role")
    if use.holds(now):
        raise Conflict("It is not over yet; review it when it is.", code="glass-state")
    if use.review is not None:
        raise Conflict("It is reviewed.", code="glass-state")
