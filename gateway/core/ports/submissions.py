"""Ports of the store about submissions: taking them, keeping big ones until they are judged, looking at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.acceptance import Acceptance, Chunk
from gateway.core.model import (
    AuditEntry,
    Finding,
    Page,
    PartnerKey,
    Record,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.listing import Listing


@dataclass(frozen=True, slots=True)
class Replayed:
    """The idempotency key was used before. ``submission`` is the first one, with the receipt it got."""

    submission: Submission


class Intake(Protocol):
    """The commit path. Calls of one process that wait at the same time share one transaction (group commit)."""

    async def accept(self, acceptance: Acceptance) -> Submission | Replayed:
        """Commit a submission with all that belongs to it, or nothing.

        A key that the sender used before gives Replayed (the caller compares digests). Serial numbers that the sender
        used before refuse their records: the store calls ``acceptance.without(ordinals)`` and commits what that gives.
        Raises Unreadable with the finding, nothing being written, when it has a turn and the file is out of turn; a
        replay takes no turn.
        """
        ...

    async def find(self, sender: PartnerKey, idempotency_key: str) -> Submission | None: ...

    async def used(self, sender: PartnerKey, serials: Sequence[str]) -> frozenset[str]:
        """Which of these serial numbers the sender used before. Nothing is claimed."""
        ...


class Spool(Protocol):
    """Bodies that are too big to judge while the caller waits: sealed pieces in order, then judged in chunks."""

    async def append(self, submission: SubmissionId, piece: int, sealed: bytes) -> None: ...

    def pieces(self, submission: SubmissionId) -> AsyncIterator[bytes]:
        """The sealed pieces in order, read one by one (memory stays flat)."""
        ...

    async def discard(self, submission: SubmissionId) -> None: ...

    async def claim(
        self, owner: str, now: datetime, until: datetime, after: PartnerKey | None = None
    ) -> Submission | None:
        """Lease the oldest received submission that nobody works on (or whose lease ended); one of ``after`` only when
        no other sender has any. Whoever held it before and neither got on nor gave it back is counted (``faults``)."""
        ...

    async def judged(self, owner: str, chunk: Chunk, until: datetime) -> bool:
        """Commit one chunk of judged records, move ``progress`` from ``chunk.after`` on and renew the lease. The caller
        has told the sender of all chunks before: ``told`` becomes ``chunk.after``.
        False: the lease or the progress is not ours any more; nothing was written. Serial numbers used before refuse
        their records as in :meth:`Intake.accept`; a file out of turn raises Unreadable as there."""
        ...

    async def finished(
        self,
        owner: str,
        submission: SubmissionId,
        at: datetime,
        findings: Sequence[Finding],
        entries: Sequence[AuditEntry],
    ) -> bool:
        """The last chunk is committed: state judged, file-level findings written, pieces deleted."""
        ...

    async def sweep(self, older_than: datetime) -> int:
        """Delete pieces of uploads that never became a submission. Returns how many uploads."""
        ...


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Findings of one submission under one rule."""

    rule: RuleCode
    severity: Severity
    field: str | None
    count: int
    samples: tuple[Finding, ...]


class Submissions(Protocol):
    async def get(self, submission: SubmissionId) -> Submission | None: ...

    async def list(
        self, sender: PartnerKey | None, page: Page, state: SubmissionState | None = None
    ) -> Listing[Submission]:
        """Newest first."""
        ...

    async def records(self, submission: SubmissionId, state: RecordState | None, page: Page) -> Listing[Record]:
        """By ordinal, without sealed bodies."""
        ...

    async def findings(
        self, submission: SubmissionId, rule: RuleCode | None, page: Page, *, record: int | None = None
    ) -> Listing[Finding]:
        """In the order in which they were found; of one rule, of the record with one ordinal."""
        ...

    async def summary(self, submission: SubmissionId, samples: int = 5) -> tuple[RuleCount, ...]:
        """Findings grouped by rule, most frequent first, with the first few of each."""
        ...
