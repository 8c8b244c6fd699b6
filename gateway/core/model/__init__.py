"""The words of the gateway as values: partners, submissions, records, findings, deliveries, attempts.

A module a word; everybody else imports them from here. In the order of a record's life: ``partner`` and ``agreement``,
``submission``, ``content``, ``finding``, ``record``, ``delivery``, ``attempt``, ``audit``.

Ids are UUIDv7 text (36 characters), times are timezone-aware UTC, digests are lower-case hex SHA-256.
Values that hold personal data are kept out of ``repr``.
"""

from __future__ import annotations

from gateway.core.model.agreement import Agreement, AgreementMode
from gateway.core.model.attempt import Apart, Attempt, Outcome, Settlement
from gateway.core.model.audit import Actor, AuditEntry
from gateway.core.model.batching import Batching, BatchMode
from gateway.core.model.content import Content, Facts
from gateway.core.model.delivery import Cargo, Claimed, Delivery, DeliveryState, Fault, Item, known_as
from gateway.core.model.endpoint import AdapterName, Endpoint
from gateway.core.model.finding import Finding, Severity
from gateway.core.model.names import (
    AgreementKey,
    DeliveryId,
    Digest,
    EntryId,
    FormatName,
    JobId,
    Kind,
    PartnerKey,
    Path,
    RecordId,
    RuleCode,
    SubmissionId,
)
from gateway.core.model.page import Page
from gateway.core.model.partner import Contact, Follow, Ordering, Partner, Role, TaxApproval
from gateway.core.model.principal import Principal
from gateway.core.model.record import Record, RecordState
from gateway.core.model.retry import BreakerPolicy, RetrySchedule
from gateway.core.model.submission import Counts, Submission, SubmissionState

__all__ = [
    "Actor",
    "AdapterName",
    "Agreement",
    "AgreementKey",
    "AgreementMode",
    "Apart",
    "Attempt",
    "AuditEntry",
    "BatchMode",
    "Batching",
    "BreakerPolicy",
    "Cargo",
    "Claimed",
    "Contact",
    "Content",
    "Counts",
    "Delivery",
    "DeliveryId",
    "DeliveryState",
    "Digest",
    "Endpoint",
    "EntryId",
    "Facts",
    "Fault",
    "Finding",
    "Follow",
    "FormatName",
    "Item",
    "JobId",
    "Kind",
    "Ordering",
    "Outcome",
    "Page",
    "Partner",
    "PartnerKey",
    "Path",
    "Principal",
    "Record",
    "RecordId",
    "RecordState",
    "RetrySchedule",
    "Role",
    "RuleCode",
    "Settlement",
    "Severity",
    "Submission",
    "SubmissionId",
    "SubmissionState",
    "TaxApproval",
    "known_as",
]
