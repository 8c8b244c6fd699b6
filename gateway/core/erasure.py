"""What a plan of retention and an erasing run say, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core.model import RecordId


@dataclass(frozen=True, slots=True)
class Tally:
    """Records of one class: how many, and from when to when they were received."""

    records: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def with_one(self, received_at: datetime) -> Tally:
        return Tally(
            self.records + 1, min(self.oldest or received_at, received_at), max(self.newest or received_at, received_at)
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would do now, by class."""

    due: Mapping[str, Tally]
    held: Mapping[str, Tally]
    """Due, but kept by a hold."""
    looked_at: int


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class RunScope(StrEnum):
    """What goes in a run."""

    ALL = "all"
    AT_ONCE = "at-once"
    """What the law has destroyed with its delivery, and nothing by its age."""


@dataclass(frozen=True, slots=True)
class Run:
    """One erasing run; another process may go on with one that was cut off."""

    id: str
    policy: str
    policy_digest: str
    actor: str
    begun_at: datetime
    state: RunState
    upto: RecordId | None
    """Everything up to this record has been looked at."""
    records: int
    ended_at: datetime | None = None
    certificate: str | None = None
    """The disposal certificate, a JSON document; None while it runs."""
    scope: RunScope = RunScope.ALL


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a record was erased: when, by which rule of which policy, in which run."""

    record: RecordId
    rule: str
    policy: str
    run: str
    at: datetime
    received_at: datetime
