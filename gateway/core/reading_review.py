"""Who opened the content of records, to be looked through once a week: misuse has to be seen soon (45 CFR 307.13(b),
42 USC 654a(d)(3); IRS Publication 1075, AU-6, read on secondary pages)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from gateway.core.model import Actor

EVERY = timedelta(days=7)
MOST_A_DAY = 30
"""Records that one person opens on one day before it is a concern."""
AGAIN = 3
"""Days on which somebody comes back to one record before it is a concern."""
_OPENS, _CLOSES, _WEEKEND = 6, 20, 5
"""Hours of a working day, and the first day after it (Monday is 0)."""
REVIEWS = "reads"
"""The object of the entries ``reads.reviewed``."""
OWN_NAME = "own_name"
"""The member of an entry's details that says whether the record names somebody of the reader's surname."""


class OwnName(StrEnum):
    """Whether a record names somebody of the surname of whoever opened it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The account has no surname."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody opened a record: as shapes alone (``masked``), or with values (``shown``)."""

    actor: Actor
    at: datetime
    record: str
    outcome: str
    own_name: OwnName = OwnName.UNKNOWN
    broken_glass: bool = False
    """Whether the role did not allow it, and an emergency did."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one person opened in the time that is looked through, and what about it asks for a question."""

    actor: Actor
    readings: int
    records: int
    shown: int
    outside_hours: int
    busiest_day: date
    most_a_day: int
    own_name: int
    """Records that name somebody of the reader's surname."""
    not_compared: int
    """Records of which that is not known, since the account has no surname."""
    concerns: tuple[str, ...]


def readers(readings: Iterable[Reading], zone: tzinfo) -> tuple[Reader, ...]:
    """One line a person, those with the most concerns first. ``zone`` says what a day and its hours are."""
    by_actor: dict[Actor, list[Reading]] = {}
    for one in readings:
        by_actor.setdefault(one.actor, []).append(one)
    found = [_reader(actor, theirs, zone) for actor, theirs in by_actor.items()]
    return tuple(sorted(found, key=lambda reader: (-len(reader.concerns), -reader.records, str(reader.actor))))


def overdue(unreviewed: Sequence[Reading], now: datetime) -> bool:
    """Whether nobody has looked through a reading for more than a week. ``unreviewed``: those since the last review."""
    return any(now - one.at > EVERY for one in unreviewed)


def _reader(actor: Actor, theirs: Sequence[Reading], zone: tzinfo) -> Reader:
    days = {(one.record, one.at.astimezone(zone).date()) for one in theirs}
    a_day = Counter(day for _, day in days)
    busiest, most = max(a_day.items(), key=lambda item: (item[1], item[0]))
    outside = sum(_outside(one.at.astimezone(zone)) for one in theirs)
    returns = max(Counter(record for record, _ in days).values())
    own = {one.record for one in theirs if one.own_name is OwnName.YES}
    concerns = {
        "own-name": bool(own),
        "broken-glass": any(one.broken_glass for one in theirs),
        "many-a-day": most > MOST_A_DAY,
        "outside-hours": outside > 0,
        "same-record-again": returns >= AGAIN,
    }
    return Reader(
        actor=actor,
        readings=len(theirs),
        records=len({one.record for one in theirs}),
        shown=sum(one.outcome == "shown" for one in theirs),
        outside_hours=outside,
        busiest_day=busiest,
        most_a_day=most,
        own_name=len(own),
        not_compared=len({one.record for one in theirs if one.own_name is OwnName.UNKNOWN}),
        concerns=tuple(name for name, given in concerns.items() if given),
    )


def _outside(at: datetime) -> bool:
    return at.weekday() >= _WEEKEND or not _OPENS <= at.hour < _CLOSES
