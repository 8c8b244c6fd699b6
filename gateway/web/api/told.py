"""What answers look like."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.core.model import DeliveryState, Fault, RecordState, Severity, SubmissionState


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


# --- answers ---------------------------------------------------------------------------------------------------------


class CountsTold(Told):
    records: int
    accepted: int
    warned: int
    refused: int
    unroutable: int
    withheld: int


class PlaceTold(Told):
    """Where one finding is; never what stands there."""

    record: Annotated[int | None, Field(description="1-based number of the record in the file")] = None
    path: str | None = None
    columns: Annotated[str | None, Field(description="Bytes of the record, 1-based: ``88-93``")] = None
    line: int | None = None
    note: Annotated[str | None, Field(description="What was expected")] = None


class FindingTold(PlaceTold):
    rule: str
    severity: Severity
    field: str | None = None


class RuleTold(Told):
    code: str
    severity: Severity
    field: str | None
    count: int
    title: str
    fix: str
    help: str
    samples: list[PlaceTold]


class Links(Told):
    self: str
    records: str
    findings: str
    accepted: Annotated[str, Field(description="The signed receipt of what was taken")]
    final: Annotated[str, Field(description="The signed receipt of what became of it, once all has ended")]


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


class WhyTold(Told):
    """Why something was not sent, or was sent by order of a court (code ``court-order``), without anything of the
    record."""

    code: str
    rule: Annotated[str, Field(description="The requirement that it follows from")]
    title: str
    change: Annotated[str, Field(description="What would have to change")]
    source: str
    policy: Annotated[str, Field(description="Version of the disclosure policy whose words these are")]


class AmendedTold(Told):
    """That the delivery carries something else than the record; the record stays."""

    record: str
    elements: list[str]
    at: datetime
    asked_by: Annotated[str | None, Field(description="Operators only")] = None
    approved_by: Annotated[str | None, Field(description="Operators only")] = None


class DeliveryDetail(DeliveryTold):
    amended: Annotated[list[AmendedTold], Field(description="Where two people changed what it carries, oldest first")]
    history: list[AttemptTold]
    why: Annotated[
        WhyTold | None,
        Field(description="Why the disclosure guard keeps it back, or by which order of a court it left"),
    ] = None
    findings: Annotated[
        list[FindingTold], Field(description="What the partner's format could not carry, found when first composed")
    ]


class ElementTold(Told):
    path: str
    shape: Annotated[str, Field(description="What the value is like: ``9 digits``, ``a day``, ``short text``")]
    fixed: Annotated[bool, Field(description="Nobody may amend it")]


class Elements(Told):
    rows: list[ElementTold]


class AmendmentTold(Told):
    id: Annotated[str, Field(description="That of the request for the second word")]
    delivery: str
    record: str
    elements: Annotated[list[str], Field(description="Canonical paths of what changes")]
    state: Annotated[str, Field(description="asked, approved, refused, used or expired")]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None
    used_at: datetime | None


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


class ErasedTold(Told):
    at: datetime
    policy: Annotated[str, Field(description="Version of the retention policy")]
    rule: Annotated[str, Field(description="The class that decided")]


class RecordDetail(RecordTold):
    erased: Annotated[ErasedTold | None, Field(description="Set when nothing of the content is left")]
    deliveries: list[DeliveryTold]
    why: Annotated[
        WhyTold | None, Field(description="Why it goes to nobody, or by which order it left; for its sender")
    ] = None
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


class LiftedTold(Told):
    persons: Annotated[int, Field(description="On so many persons the notice was taken back; 0: it placed none")]


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
    since: date | None
    until: date | None


class Rules(Told):
    rows: list[RulePage]


class Ready(Told):
    ready: bool
    checks: Annotated[dict[str, str], Field(description="Only with ``verbose``")]


class StampTold(Told):
    size: int
    at: Annotated[datetime, Field(description="The time that the authority told")]


class Stamps(Told):
    rows: list[StampTold]


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
    findings: Annotated[list[FindingTold] | None, Field(description="Why a file cannot be read")] = None
