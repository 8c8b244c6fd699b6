"""Ports of the store, one Protocol a noun. One method is one transaction; every method may raise Unavailable.

State changes are guarded updates: a method that finds the row already elsewhere says so by its result (False, a shorter
list) and changes nothing. Every method that changes state takes the audit entries to write in the same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from gateway.core.acceptance import Acceptance, Chunk
from gateway.core.model import (
    Agreement,
    Attempt,
    AuditEntry,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    EntryId,
    Fault,
    Finding,
    JobId,
    Kind,
    Page,
    Partner,
    PartnerKey,
    Principal,
    Record,
    RecordId,
    RecordState,
    RuleCode,
    Settlement,
    Severity,
    Submission,
    SubmissionId,
)
from gateway.core.routing import Directory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list; ``next`` is the cursor of the following page, None at the end."""

    rows: tuple[T, ...]
    next: str | None = None


# --- intake ----------------------------------------------------------------------------------------------------------


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
        """
        ...

    async def find(self, sender: PartnerKey, idempotency_key: str) -> Submission | None: ...


class Spool(Protocol):
    """Bodies that are too big to judge while the caller waits: sealed pieces in order, then judged in chunks."""

    async def append(self, submission: SubmissionId, piece: int, sealed: bytes) -> None: ...

    def pieces(self, submission: SubmissionId) -> AsyncIterator[bytes]:
        """The sealed pieces in order, read one by one (memory stays flat)."""
        ...

    async def discard(self, submission: SubmissionId) -> None: ...

    async def claim(self, owner: str, now: datetime, until: datetime) -> Submission | None:
        """Lease the oldest received submission that nobody works on (or whose lease ended)."""
        ...

    async def judged(self, owner: str, chunk: Chunk, until: datetime) -> bool:
        """Commit one chunk of judged records, move ``progress`` from ``chunk.after`` on and renew the lease.
        False: the lease or the progress is not ours any more; nothing was written. Serial numbers used before refuse
        their records as in :meth:`Intake.accept`."""
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

    async def list(self, sender: PartnerKey | None, page: Page) -> Listing[Submission]:
        """Newest first."""
        ...

    async def records(self, submission: SubmissionId, state: RecordState | None, page: Page) -> Listing[Record]:
        """By ordinal, without sealed bodies."""
        ...

    async def findings(self, submission: SubmissionId, rule: RuleCode | None, page: Page) -> Listing[Finding]: ...

    async def summary(self, submission: SubmissionId, samples: int = 5) -> tuple[RuleCount, ...]:
        """Findings grouped by rule, most frequent first, with the first few of each."""
        ...


# --- records ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Search by indexed business keys only. Every given member narrows."""

    id: RecordId | None = None
    sender: PartnerKey | None = None
    party: PartnerKey | None = None
    """Sender or direct recipient."""
    kind: Kind | None = None
    state: RecordState | None = None
    case_index: bytes | None = field(default=None, repr=False)
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

    async def reroute(self, chunk: Chunk) -> int:
        """Write the new routes of parked records; returns how many were still parked and are now routed."""
        ...

    async def of_cases(self, kind: Kind, cases: Sequence[bytes]) -> tuple[Record, ...]:
        """The routed records of a kind about any of these cases (blind indexes), newest first, without bodies."""
        ...

    async def questions(self, records: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, bytes]]:
        """The records that these answer, as found when they were judged: answer -> (question, its sealed body)."""
        ...


# --- deliveries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    partner: PartnerKey | None = None
    sender: PartnerKey | None = None
    state: DeliveryState | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Dead letters with one cause."""

    cause: str
    fault: Fault | None
    partner: PartnerKey
    kind: Kind
    count: int
    first: datetime
    last: datetime
    sample: DeliveryId


@dataclass(frozen=True, slots=True)
class PartnerQueue:
    """What is owed to one partner, counted in the store (the truth), not in the broker."""

    partner: PartnerKey
    pending: int
    claimed: int
    waiting: int
    dead: int
    held: int
    gathering: int
    """Records that wait to be put into a batch."""
    oldest: datetime | None
    """When the oldest pending or gathering one was created."""


class Deliveries(Protocol):
    """The dispatcher's and the relay's side."""

    async def due(self, now: datetime, again_at: datetime, limit: int) -> tuple[tuple[PartnerKey, DeliveryId], ...]:
        """Pending deliveries whose ``due_at`` and ``announce_at`` have come; sets their ``announce_at`` to
        ``again_at``, so that a lost announcement is repeated. Oldest first."""
        ...

    async def claim(self, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime) -> tuple[Claimed, ...]:
        """Lease those of ``ids`` that are pending, due and (for lanes) first in their lane. In the order of ``ids``."""
        ...

    async def settle(self, settlements: Sequence[Settlement], entries: Sequence[AuditEntry]) -> tuple[DeliveryId, ...]:
        """Write outcomes and attempts of deliveries that their owner still holds; returns those. Entries whose object
        is ``delivery:<id>`` of a delivery that was not held any more are not written."""
        ...

    async def defer(self, ids: Sequence[DeliveryId], until: datetime) -> None:
        """Do not announce these before ``until`` (breaker open, partner paused). State stays pending."""
        ...

    async def release_expired(self, now: datetime) -> int:
        """Claimed deliveries whose lease ended are pending again. Returns how many."""
        ...

    async def gather(
        self,
        partner: PartnerKey,
        sender: PartnerKey,
        kind: Kind,
        delivery: Delivery,
        limit: int,
        entries: Sequence[AuditEntry],
    ) -> int:
        """Put at most ``limit`` waiting items, oldest first, into the new ``delivery`` (its ``records`` and ``number``
        are set here). 0: none waited and no delivery was made."""
        ...

    async def gathering(self) -> tuple[Gathering, ...]:
        """What waits to be batched, by partner, sender and kind."""
        ...


@dataclass(frozen=True, slots=True)
class Gathering:
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    agreement: str
    count: int
    oldest: datetime


class DeliveryDesk(Protocol):
    """The operator's side: look, retry, withdraw."""

    async def get(self, delivery: DeliveryId) -> Delivery | None: ...

    async def attempts(self, delivery: DeliveryId) -> tuple[Attempt, ...]: ...

    async def carried(self, delivery: DeliveryId, limit: int) -> tuple[Record, ...]:
        """The first records that it carries, with their bodies."""
        ...

    async def findings(self, delivery: DeliveryId) -> tuple[Finding, ...]:
        """What its payload could not carry, as found when it was first composed; never a value."""
        ...

    async def list(self, query: DeliveryQuery, page: Page) -> Listing[Delivery]:
        """Newest first."""
        ...

    async def groups(self) -> tuple[CauseGroup, ...]:
        """Dead letters by fault, cause, partner and kind; biggest first."""
        ...

    async def queues(self) -> tuple[PartnerQueue, ...]: ...

    async def retry(self, delivery: DeliveryId, now: datetime, entry: AuditEntry) -> bool:
        """Dead or held -> pending, due now, attempts counted from zero."""
        ...

    async def withdraw(self, delivery: DeliveryId, now: datetime, entry: AuditEntry) -> bool:
        """Any state but delivered, claimed and withdrawn -> withdrawn."""
        ...

    async def acknowledge(
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        *,
        accepted: bool,
        reason: str,
        now: datetime,
        entry: AuditEntry,
    ) -> bool:
        """The partner's word on a waiting or delivered delivery: accepted -> delivered; else -> dead, fault record."""
        ...


class Mailbox(Protocol):
    """Parcels for partners that pull."""

    async def place(
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        name: str,
        media_type: str,
        digest: Digest,
        size: int,
        sealed: bytes,
        now: datetime,
    ) -> None:
        """Idempotent for each delivery."""
        ...

    async def lease(self, partner: PartnerKey, limit: int, now: datetime, until: datetime) -> tuple[MailboxItem, ...]:
        """Lease what nobody else of this partner has leased, oldest first, without bodies."""
        ...

    async def fetch(self, partner: PartnerKey, delivery: DeliveryId) -> tuple[MailboxItem, bytes] | None: ...

    async def empty(self, delivery: DeliveryId) -> None:
        """Remove the body after the partner's acknowledgement."""
        ...


@dataclass(frozen=True, slots=True)
class MailboxItem:
    delivery: DeliveryId
    partner: PartnerKey
    name: str
    media_type: str
    digest: Digest
    size: int
    placed_at: datetime
    leased_until: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk action over a frozen selection."""

    id: JobId
    action: str
    """``retry`` or ``withdraw``."""
    reason: str
    actor: str
    state: str
    """``planned``, ``running``, ``done``, ``cancelled``."""
    created_at: datetime
    total: int
    done: int
    skipped: int
    """Somebody was faster, or the state no longer allowed it."""


class Jobs(Protocol):
    async def plan(self, job: Job, query: DeliveryQuery, ids: Sequence[DeliveryId] | None, entry: AuditEntry) -> Job:
        """Freeze the deliveries that match now (or exactly ``ids``); the id set never grows."""
        ...

    async def start(self, job: JobId, entry: AuditEntry) -> bool:
        """planned -> running; False when it was started before (the caller shows the running job)."""
        ...

    async def get(self, job: JobId) -> Job | None: ...

    async def list(self, page: Page) -> Listing[Job]: ...

    async def next(self, job: JobId, limit: int) -> tuple[DeliveryId, ...]:
        """Ids of the selection that are not done yet."""
        ...

    async def progress(self, job: JobId, done: Sequence[DeliveryId], skipped: Sequence[DeliveryId]) -> None: ...

    async def end(self, job: JobId, state: str, entry: AuditEntry) -> bool: ...

    async def running(self) -> tuple[Job, ...]: ...


# --- partners, callers, operators ------------------------------------------------------------------------------------


class Partners(Protocol):
    async def directory(self) -> Directory:
        """All partners and agreements of the newest versions."""
        ...

    async def version(self) -> int:
        """Grows with every change; cheap to poll."""
        ...

    async def apply(
        self, partners: Sequence[Partner], agreements: Sequence[Agreement], entries: Sequence[AuditEntry]
    ) -> int:
        """Store those that differ from what is stored, each under its next version; returns how many changed."""
        ...

    async def pause(self, partner: PartnerKey, entry: AuditEntry, *, paused: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: never the key itself."""

    id: str
    digest: bytes = field(repr=False)
    principal: Principal = field(kw_only=True)
    created_at: datetime = field(kw_only=True)
    expires_at: datetime | None = field(kw_only=True)


class ApiKeys(Protocol):
    async def find(self, key_id: str) -> ApiKey | None:
        """None for unknown, revoked or expired keys."""
        ...

    async def add(self, key: ApiKey, entry: AuditEntry) -> None:
        """Raises Conflict when the partner has two live keys."""
        ...

    async def list(self, partner: PartnerKey | None) -> tuple[ApiKey, ...]: ...

    async def revoke(self, key_id: str, entry: AuditEntry) -> bool: ...


@dataclass(frozen=True, slots=True)
class Operator:
    name: str
    role: str
    """One of ``gateway.core.roles.Role``; an account with another one may nothing."""
    password_hash: str = field(repr=False)
    """Empty: this account has no password (its provider knows who it is)."""
    disabled: bool = False
    partner: PartnerKey | None = None
    """Of a partner admin: the one partner that it looks after."""
    provider: str = "local"
    """``local``, or the issuer that vouches for the account; each name belongs to one of them."""
    subject: str | None = None
    """Who the account is at its provider."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login session; ``token_digest`` is the SHA-256 of the cookie."""

    token_digest: bytes = field(repr=False)
    operator: str
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    proved_at: datetime | None = None
    """When a second factor was last shown; None: half of a login, which opens nothing (or a site without factors)."""


class Operators(Protocol):
    async def find(self, name: str) -> Operator | None: ...

    async def add(self, operator: Operator, entry: AuditEntry) -> None:
        """Add or replace."""
        ...

    async def list(self) -> tuple[Operator, ...]: ...

    async def open_session(self, session: Session, entry: AuditEntry, instead_of: bytes | None = None) -> None:
        """``instead_of``: the digest of the session that this one replaces."""
        ...

    async def session(
        self, token_digest: bytes, idle_since: datetime, born_since: datetime, now: datetime
    ) -> tuple[Session, Operator] | None:
        """The live session; marks it as seen now. None when it is idle or too old, or the operator is disabled."""
        ...

    async def lives(self, token_digest: bytes) -> bool:
        """Whether the session is still there, without keeping it alive."""
        ...

    async def close_session(self, token_digest: bytes) -> None: ...

    async def close_all(self, operator: str, entry: AuditEntry) -> int:
        """Every session of the operator ends; how many there were."""
        ...


# --- health ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BreakerRow:
    partner: PartnerKey
    state: str
    """``closed``, ``open`` or ``half-open``."""
    failures: int
    since: datetime
    probe_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured figure. ``series`` is like ``queue.ready`` with ``label`` the queue's partner."""

    at: datetime
    series: str
    label: str
    value: float


class Health(Protocol):
    async def ping(self) -> None: ...

    async def breakers(self) -> tuple[BreakerRow, ...]: ...

    async def save_breaker(self, row: BreakerRow) -> None: ...

    async def add_samples(self, samples: Sequence[Sample]) -> None: ...

    async def samples(self, series: str, since: datetime, label: str | None = None) -> tuple[Sample, ...]:
        """Oldest first."""
        ...

    async def prune_samples(self, before: datetime) -> None: ...

    async def counts(self, since: datetime) -> Mapping[str, int]:
        """Submissions, records by state, deliveries by state since then, for the overview."""
        ...


class Leases(Protocol):
    """One process at a time does a job that must not run twice (scheduler, integrator)."""

    async def take(self, name: str, owner: str, now: datetime, until: datetime) -> bool: ...

    async def release(self, name: str, owner: str) -> None: ...


# --- audit -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    size: int
    root: bytes
    note: str
    """The signed note (C2SP tlog-checkpoint)."""
    at: datetime


class AuditLog(Protocol):
    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """For refusals and other entries that change nothing else."""
        ...

    async def unsequenced(self, limit: int) -> tuple[AuditEntry, ...]:
        """Entries without a number, oldest id first."""
        ...

    async def integrate(
        self,
        first: int,
        entries: Sequence[EntryId],
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        checkpoint: Checkpoint,
    ) -> None:
        """Number ``entries`` from ``first`` on, store their leaf hashes and the changed tiles, add the checkpoint.
        Raises Conflict when ``first`` is not the present size."""
        ...

    async def first(self) -> int:
        """The number of the oldest entry that is still here; those before it were pruned."""
        ...

    async def head(self) -> Checkpoint | None: ...

    async def cosign(self, size: int, before: str, after: str) -> bool:
        """Give the checkpoint of this size the note ``after``, which says the same with more signatures. False when its
        note is not ``before`` (any more)."""
        ...

    async def checkpoints(self, limit: int) -> tuple[Checkpoint, ...]:
        """Newest first."""
        ...

    async def tile(self, level: int, index: int) -> bytes | None:
        """Concatenated 32-byte hashes of a tile, full (256) or partial; None when there is none."""
        ...

    def entries(self, first: int, last: int) -> AsyncIterator[tuple[int, AuditEntry, bytes]]:
        """(number, entry, stored leaf hash) from ``first`` to ``last`` exclusive, in order."""
        ...

    async def about(self, obj: str) -> tuple[tuple[int | None, AuditEntry], ...]:
        """Entries on one object, oldest first, with their numbers (None: not numbered yet)."""
        ...


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the C2SP tlog-tiles layout: ``hashes`` is the concatenation of up to 256 hashes of 32 bytes."""

    level: int
    index: int
    hashes: bytes = field(repr=False)
