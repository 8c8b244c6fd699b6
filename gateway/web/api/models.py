"""Documents of the API: what requests may say (unknown members refused) and what answers look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gateway.core.model import DeliveryState, Fault, RecordState, Severity, SubmissionState
from gateway.web.operations import Action

Id = Annotated[str, Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="UUIDv7")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]
Reason = Annotated[
    str, Field(min_length=1, max_length=200, description="Kept in the audit log: names no person and no number of one")
]
Code = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern="^[a-z][a-z0-9-]*$",
        description="Lower-case words and hyphens; dead letters are grouped by it",
    ),
]
Key = Annotated[str, Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
_MOST_IDS = 1000


class Asked(BaseModel):
    """A request document or the parameters of a query."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


# --- queries ---------------------------------------------------------------------------------------------------------


class PageQuery(Asked):
    limit: Annotated[int, Field(ge=1, le=500, description="At most so many rows")] = 50
    cursor: Annotated[str, Field(max_length=512, description="``next`` of the page before")] | None = None


class BodyQuery(Asked):
    format: Annotated[Key, Field(description="The format of the body; else Content-Type tells it")] | None = None


class RecordsQuery(PageQuery):
    state: RecordState | None = None


class FindingsQuery(PageQuery):
    rule: Key | None = None


class MailboxQuery(Asked):
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class DeliveriesQuery(PageQuery):
    state: DeliveryState | None = None
    partner: Annotated[Key, Field(description="To whom it is owed")] | None = None
    sender: Key | None = None
    cause: Key | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ReadyQuery(Asked):
    verbose: Annotated[str, Field(max_length=5, description="Name each check")] | None = None


# --- request documents -----------------------------------------------------------------------------------------------


class Because(Asked):
    reason: Reason


class Refusing(Asked):
    reason: Code


class Acknowledgement(Asked):
    delivery: Id
    digest: Annotated[Sha256, Field(description="Of the bytes as they were received")]
    outcome: Literal["accepted", "refused"]
    reason: Annotated[Code | None, Field(description="Required with refused")] = None


class ReplayPlan(Asked):
    """Either ``ids`` or at least one of the others."""

    action: Action
    reason: Reason
    ids: Annotated[list[Id], Field(min_length=1, max_length=_MOST_IDS)] | None = None
    state: Literal["dead", "held", "pending", "waiting"] | None = None
    partner: Key | None = None
    cause: Key | None = None


class ReplayStart(Asked):
    token: Annotated[Id, Field(description="The token of the plan")]


# --- answers ---------------------------------------------------------------------------------------------------------


class CountsTold(Told):
    records: int
    accepted: int
    warned: int
    refused: int
    unroutable: int
    withheld: int


class FindingTold(Told):
    rule: str
    severity: Severity
    record: int | None = None
    field: str | None = None
    path: str | None = None
    columns: Annotated[str | None, Field(description="Bytes of the record, 1-based: ``88-93``")] = None
    line: int | None = None
    note: str | None = None


class RuleTold(Told):
    code: str
    severity: Severity
    field: str | None
    count: int
    title: str
    fix: str
    help: str
    samples: list[FindingTold]


class Links(Told):
    self: str
    records: str
    findings: str


class BodyTold(Told):
    sha256: str
    bytes: int


class SubmissionTold(Told):
    id: str
    state: SubmissionState
    sender: str
    format: str
    body: BodyTold
    received_at: datetime
    judged_at: datetime | None
    progress: Annotated[int, Field(description="Records judged so far")]
    counts: CountsTold
    links: Links


class SubmissionDetail(SubmissionTold):
    findings: list[RuleTold]


class ReceiptRecord(Told):
    record: int
    id: str
    state: RecordState
    reason: str | None


class Receipt(Told):
    """The stored answer of a post: a repeat gets the same bytes."""

    submission: str
    state: SubmissionState
    sender: str
    format: str
    body: BodyTold
    received_at: datetime
    counts: CountsTold
    findings: list[RuleTold]
    records: list[ReceiptRecord]
    links: Links


class VerdictTold(Told):
    format: str
    counts: CountsTold
    rules: list[RuleTold]
    findings: Annotated[list[FindingTold], Field(description="The first 1,000 in file order")]


class DeliveryTold(Told):
    id: str
    partner: str
    sender: str
    kind: str
    format: str
    state: DeliveryState
    records: int
    number: int
    created_at: datetime
    due_at: datetime
    attempts: int
    digest: str | None
    size: int | None
    cause: str | None
    fault: Fault | None
    settled_at: datetime | None


class AttemptTold(Told):
    number: int
    begun_at: datetime
    ended_at: datetime
    outcome: str
    code: str | None
    answer: Annotated[str | None, Field(description="The partner's last words, capped; operators only")] = None


class DeliveryDetail(DeliveryTold):
    history: list[AttemptTold]


class RecordTold(Told):
    id: str
    submission: Annotated[str | None, Field(description="Only for its sender")]
    ordinal: Annotated[int | None, Field(description="Only for its sender")]
    kind: str | None
    sender: str
    recipient: str | None
    state: RecordState
    reason: str | None
    transaction: str | None
    digest: str | None
    received_at: datetime


class RecordDetail(RecordTold):
    deliveries: list[DeliveryTold]
    links: dict[str, str]


class StepTold(Told):
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    details: dict[str, str | int]
    attempt: int | None


class Trace(Told):
    steps: list[StepTold]


class ParcelTold(Told):
    delivery: str
    name: str
    media_type: str
    digest: str
    size: int
    placed_at: datetime
    leased_until: datetime | None
    links: dict[str, str]


class MailboxTold(Told):
    rows: list[ParcelTold]


class JobTold(Told):
    id: str
    token: str
    action: str
    reason: str
    actor: str
    state: str
    created_at: datetime
    total: int
    done: int
    skipped: int
    links: dict[str, str]


class QueueTold(Told):
    partner: str
    pending: int
    claimed: int
    waiting: int
    dead: int
    held: int
    gathering: int
    oldest: datetime | None


class Queues(Told):
    rows: list[QueueTold]


class GroupTold(Told):
    cause: str
    fault: Fault | None
    partner: str
    kind: str
    count: int
    first: datetime
    last: datetime
    sample: str


class Groups(Told):
    rows: list[GroupTold]


class Submissions(Told):
    rows: list[SubmissionTold]
    next: str | None


class Records(Told):
    rows: list[RecordTold]
    next: str | None


class Findings(Told):
    rows: list[FindingTold]
    next: str | None


class Deliveries(Told):
    rows: list[DeliveryTold]
    next: str | None


class RulePage(Told):
    code: str
    title: str
    fix: str
    severity: Severity
    field: str | None
    source: str
    kinds: list[str]


class Rules(Told):
    rows: list[RulePage]


class Ready(Told):
    ready: bool
    checks: Annotated[dict[str, str], Field(description="Only with ``verbose``")]


class Version(Told):
    version: str


class FaultTold(Told):
    pointer: str
    code: str
    expected: str


class ProblemTold(Told):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: Annotated[str, Field(description="The exact cause; usually the one of the type")]
    errors: list[FaultTold] | None = None
    findings: list[FindingTold] | None = None
