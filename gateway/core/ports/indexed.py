"""Ports of the re-index job: rows whose blind indexes are under an index key that is being replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, PartnerKey, RecordId
from gateway.core.people import Renewal


@dataclass(frozen=True, slots=True)
class IndexedBody:
    """A record that is to be indexed anew, from its sealed content."""

    id: RecordId
    sender: PartnerKey
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reindexed:
    """Its indexes under the new key, and what they take the place of."""

    id: RecordId
    case: bytes | None = field(repr=False)
    persons: bytes | None = field(repr=False)
    renewal: Renewal


class IndexedRows(Protocol):
    async def counts(self) -> Mapping[str | None, int]:
        """Key id -> rows whose indexes were made under it and are needed: records, notices that stand and are placed
        under no newer key, disclosures of erased records. None: the first key that this gateway had."""
        ...

    async def unsure(self, active: str) -> int:
        """Holds in force on cases of which no record is indexed under the active key."""
        ...

    async def asked(self, before: datetime) -> int:
        """Queries in the audit log from before, which can be found by the index of their time alone."""
        ...

    async def bodies(self, active: str, after: RecordId | None, limit: int) -> Sequence[IndexedBody]:
        """The next records that are not under the active key, by id."""
        ...

    async def put(self, done: Sequence[Reindexed]) -> int:
        """In one transaction: the records, and all that goes with them. One that was erased meanwhile stays so.
        Returns how many changed."""
        ...

    async def renew(self, renewals: Sequence[Renewal]) -> None:
        """What somebody who named a case knows of it: it moves under the new key."""
        ...

    async def forget(self, key: str) -> None:
        """After the end of a key: notices under it that nobody can find any more."""
        ...

    async def end(self, entry: AuditEntry) -> None: ...
