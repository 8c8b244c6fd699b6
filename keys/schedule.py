"""When keys are replaced: lifetimes, notices before the end, and what is to be done now. Pure.

How long a key is used is the owner's choice (SP 800-57 part 1, section 5.3): 90 days, a year and two years are ours,
none longer than table 1 there suggests for keys that wrap, sign and authenticate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.ports.key_report import KeyLine
from keys.ring import KeyFacts, KeyRing
from keys.states import KeyState, KeyUse

NOTICES = (60, 30, 14, 7, 1)
"""Days before the end at which it is told."""
DIGESTS = frozenset({KeyUse.INDEX, KeyUse.TOKEN_PEPPER})
"""Uses of keys that make stored digests."""
BY_HAND = DIGESTS | {KeyUse.NOTE_SIGNING}
"""Uses that have an end, are told of it and are not replaced by the scheduler. Whoever checks the log must know its new
key first; what depends on a key of digests is made anew after it was replaced, which no calendar should begin."""
SOON = 14
"""Days before the end from which a key that nobody replaces by itself needs a person."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a key of each use stays active; ``ahead``: how long before the end its follower is made."""

    sealing: timedelta = timedelta(days=90)
    signing: timedelta = timedelta(days=365)
    digests: timedelta = timedelta(days=730)
    ahead: timedelta = timedelta(days=7)
    alone: bool = True
    """Whether the scheduler replaces keys."""

    def of(self, use: KeyUse) -> timedelta:
        if use in DIGESTS:
            return self.digests
        return self.sealing if use is KeyUse.KEK else self.signing

    def replaces(self, use: KeyUse) -> bool:
        return self.alone and use not in BY_HAND


@dataclass(frozen=True, slots=True)
class Notice:
    """A key's end comes closer. ``days``: the step of :data:`NOTICES` that was reached."""

    key: str
    days: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now. Uses with their labels."""

    prepare: tuple[tuple[KeyUse, str], ...] = ()
    rotate: tuple[tuple[KeyUse, str], ...] = ()
    notices: tuple[Notice, ...] = ()


def ends_at(facts: KeyFacts, lifetimes: Lifetimes) -> datetime | None:
    """The end of an active key."""
    return facts.since + lifetimes.of(facts.use) if facts.state is KeyState.ACTIVE else None


def plan(ring: KeyRing, lifetimes: Lifetimes, now: datetime) -> Plan:
    """Followers to make, keys to replace, and the nearest notice of each key."""
    prepare, rotate, notices = [], [], []
    for facts, end in _ending(ring, lifetimes):
        one = facts.use, facts.label
        if reached := [step for step in NOTICES if now >= end - timedelta(days=step)]:
            notices.append(Notice(facts.id, min(reached)))
        if not lifetimes.replaces(facts.use):
            continue
        if now >= end:
            rotate.append(one)
        elif now >= end - lifetimes.ahead and ring.found(*one, KeyState.PENDING) is None:
            prepare.append(one)
    return Plan(tuple(prepare), tuple(rotate), tuple(notices))


def report(ring: KeyRing, lifetimes: Lifetimes, now: datetime) -> tuple[KeyLine, ...]:
    """All keys for people, oldest first."""
    ends: Mapping[str, datetime] = {facts.id: end for facts, end in _ending(ring, lifetimes)}
    return tuple(_line(facts, ends.get(facts.id), lifetimes, now) for facts in ring.facts())


def _ending(ring: KeyRing, lifetimes: Lifetimes) -> Iterator[tuple[KeyFacts, datetime]]:
    for facts in ring.facts():
        end = ends_at(facts, lifetimes)
        if end is not None:
            yield facts, end


def _line(facts: KeyFacts, end: datetime | None, lifetimes: Lifetimes, now: datetime) -> KeyLine:
    days = None if end is None else (end - now) // timedelta(days=1)
    alone = lifetimes.replaces(facts.use)
    attention = ""
    if days is not None and days < 0:
        attention = "its time is over: is the scheduler running?" if alone else "its time is over: rotate it"
    elif days is not None and days <= SOON and not alone:
        attention = "rotate it before its end"
    return KeyLine(facts.id, facts.use, facts.label, facts.state, facts.place, facts.since, end, days, alone, attention)
