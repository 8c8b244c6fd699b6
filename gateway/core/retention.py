"""How long a record is kept: rules, what they say of one record, and holds that beat them. Pure.

Sources stand with each rule in ``schemas/retention``. Of the floors that fit a record the longest counts; a ceiling
wins over every floor (42 USC 653(i)(2)); a legal hold wins over both.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.model import Kind, PartnerKey, RecordId, SubmissionId

BY_ORDER = "court-order"
"""The purpose of what left by order of a court, whatever else it was for (V02: the answer is not kept)."""


class Bound(StrEnum):
    FLOOR = "floor"
    """At least so long."""
    CEILING = "ceiling"
    """At most so long."""


class Event(StrEnum):
    """From what on time is counted."""

    RECEIVED = "received"
    SETTLED = "settled"
    """Everything that was owed for the record has been delivered or withdrawn."""
    CLOSED = "closed"
    """A record said that the case is closed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the policy. Empty kinds, labels or purposes stand for all."""

    name: str
    title: str
    bound: Bound
    event: Event
    months: int
    source: str
    kinds: frozenset[Kind] = frozenset()
    labels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    otherwise_months: int | None = None
    """From the last record of a case of which nobody said that it is closed; only with ``closed``."""

    def fits(self, candidate: Candidate) -> bool:
        return (
            (not self.kinds or candidate.kind in self.kinds)
            and (not self.labels or not self.labels.isdisjoint(candidate.labels))
            and (not self.purposes or candidate.purpose in self.purposes)
        )


@dataclass(frozen=True, slots=True)
class Log:
    """How long what is written down about records is kept."""

    title: str
    source: str
    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rules need to know of a stored record; nothing of a person."""

    id: RecordId
    submission: SubmissionId
    kind: Kind | None
    sender: PartnerKey
    received_at: datetime
    labels: frozenset[str] = frozenset()
    purpose: str = ""
    parties: frozenset[PartnerKey] = frozenset()
    """Its sender and all who were to get it."""
    case: bytes | None = field(default=None, repr=False)
    settled_at: datetime | None = None
    """When the last thing that was owed for it ended; None while something is on its way."""
    closed_at: datetime | None = None
    """When a record said that its case is closed."""
    last_at: datetime | None = None
    """When the last record of its case came."""


class HoldScope(StrEnum):
    RECORD = "record"
    CASE = "case"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing that it covers is erased until it is released."""

    id: str
    scope: HoldScope
    what: str = field(repr=False)
    """Record id, hex of the blind index of a case, or key of a partner."""
    reason: str
    set_by: str
    set_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None

    def covers(self, candidate: Candidate) -> bool:
        match self.scope:
            case HoldScope.RECORD:
                return self.what == candidate.id
            case HoldScope.CASE:
                return candidate.case is not None and self.what == candidate.case.hex()
            case HoldScope.PARTNER:
                return self.what in candidate.parties


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of a record. ``due`` None: the event that it counts from has not come."""

    rule: str
    due: datetime | None
    held: Hold | None = None

    def is_due(self, now: datetime) -> bool:
        return self.held is None and self.due is not None and self.due <= now

    def is_held(self, now: datetime) -> bool:
        return self.held is not None and self.due is not None and self.due <= now


@dataclass(frozen=True)
class Schedule:
    """The policy: rules for records, periods for logs, and what says that a case is closed."""

    version: str
    digest: str
    """SHA-256 of the file."""
    rules: tuple[Rule, ...]
    logs: Mapping[str, Log]
    closing: frozenset[str] = frozenset()
    """Transactions of records that close their case."""

    @property
    def shortest_months(self) -> int:
        """No record without a purpose of its own is due sooner."""
        return min(rule.months for rule in self.rules if not rule.purposes)

    @property
    def purposes(self) -> frozenset[str]:
        """Purposes with a rule of their own."""
        return frozenset().union(*(rule.purposes for rule in self.rules))

    @property
    def at_once(self) -> frozenset[str]:
        """Rules by which a record goes as soon as it is delivered: law, not housekeeping."""
        return frozenset([rule.name for rule in self.rules if rule.bound is Bound.CEILING and rule.months == 0])

    def ruling(self, candidate: Candidate, holds: Iterable[Hold] = ()) -> Ruling:
        """Which rule decides, and when the record is due."""
        fitting = [rule for rule in self.rules if rule.fits(candidate)]
        floors = [(_due(rule, candidate), rule.name) for rule in fitting if rule.bound is Bound.FLOOR]
        ceilings = [(_due(rule, candidate), rule.name) for rule in fitting if rule.bound is Bound.CEILING]
        due, name = _longest(floors)
        known = [(at, rule) for at, rule in ceilings if at is not None]
        if known:
            capped, cap = min(known)
            if due is None or capped <= due:
                due, name = capped, cap
        held = next((hold for hold in holds if hold.covers(candidate)), None)
        return Ruling(name, due, held)


def _longest(floors: Sequence[tuple[datetime | None, str]]) -> tuple[datetime | None, str]:
    """An event that has not come yet is later than every date."""
    for due, name in floors:
        if due is None:
            return None, name
    return max(((due, name) for due, name in floors if due is not None), default=(None, ""))


def _due(rule: Rule, candidate: Candidate) -> datetime | None:
    match rule.event:
        case Event.RECEIVED:
            return later(candidate.received_at, rule.months)
        case Event.SETTLED:
            return None if candidate.settled_at is None else later(candidate.settled_at, rule.months)
        case Event.CLOSED:
            return _after_case(rule, candidate)


def _after_case(rule: Rule, candidate: Candidate) -> datetime | None:
    """A case that went on after its closing counts as open again. Without a case the record stands alone."""
    last = max(candidate.received_at, candidate.last_at or candidate.received_at)
    if candidate.closed_at is not None and candidate.closed_at >= last:
        return later(candidate.closed_at, rule.months)
    return None if rule.otherwise_months is None else later(last, rule.otherwise_months)


def later(at: datetime, months: int) -> datetime:
    """So many calendar months later, on the last day of a month that is too short."""
    years, month = divmod(at.month - 1 + months, 12)
    return at.replace(year=at.year + years, month=month + 1, day=_day(at.day, at.year + years, month + 1))


def earlier(at: datetime, months: int) -> datetime:
    """The last moment from which so many months have passed."""
    return later(at, -months)


def _day(day: int, year: int, month: int) -> int:
    return min(day, calendar.monthrange(year, month)[1])
