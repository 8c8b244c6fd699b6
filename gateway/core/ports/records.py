"""The port of the store about records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.acceptance import Chunk
from gateway.core.model import Delivery, Kind, Page, PartnerKey, Record, RecordId, RecordState
from gateway.core.ports.listing import Listing


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Search by indexed business keys only. Every given member narrows."""

    id: RecordId | None = None
    sender: PartnerKey | None = None
    party: PartnerKey | None = None
    """Sender or direct recipient."""
    kind: Kind | None = None
    state: RecordState | None = None
    states: tuple[RecordState, ...] = ()
    """Any of these; none given: any at all."""
    cases: tuple[bytes, ...] | None = field(default=None, repr=False)
    """Blind indexes of the case, under each key that there is."""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trace."""

    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    details: Mapping[str, str | int]
    attempt: int | None = None


class Records(Protocol):
    async def get(self, record: RecordId) -> Record | None: ...

    async def search(self, query: RecordQuery, page: Page) -> Listing[Record]:
        """Newest first, without sealed bodies."""
        ...

    async def deliveries(self, record: RecordId) -> tuple[Delivery, ...]: ...

    async def trace(self, record: RecordId) -> tuple[Step, ...]:
        """Everything that happened to the record, its submission and its deliveries, oldest first: audit entries,
        attempts, and what its payloads could not carry."""
        ...

    async def parked(self, limit: int, after: RecordId | None = None) -> tuple[Record, ...]:
        """Unroutable records with their bodies in the order of their ids, those after ``after``."""
        ...

    async def reroute(self, chunk: Chunk, was: RecordState = RecordState.UNROUTABLE) -> int:
        """Write the new routes of records that are parked, or withheld; returns how many were still so and are now
        routed."""
        ...

    async def of_cases(self, kind: Kind, cases: Sequence[bytes]) -> tuple[Record, ...]:
        """The routed records of a kind about any of these cases (blind indexes), newest first, without bodies."""
        ...

    async def questions(self, records: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, bytes]]:
        """The records that these answer, as found when they were judged: answer -> (question, its sealed body)."""
        ...
