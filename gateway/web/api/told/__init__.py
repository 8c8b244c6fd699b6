"""What answers look like."""

from __future__ import annotations

from gateway.web.api.told.amendment import AmendmentTold, Elements, ElementTold
from gateway.web.api.told.answer import Told
from gateway.web.api.told.delivery import (
    AmendedTold,
    AttemptTold,
    CauseTold,
    Deliveries,
    DeliveryDetail,
    DeliveryTold,
    Groups,
    GroupTold,
    Queues,
    QueueTold,
)
from gateway.web.api.told.finding import ExplainedTold, Findings, FindingTold, PlaceTold, RulePage, Rules, RuleTold
from gateway.web.api.told.job import JobTold
from gateway.web.api.told.mailbox import MailboxTold, ParcelTold
from gateway.web.api.told.problem import FaultTold, ProblemTold
from gateway.web.api.told.process import Ready, Stamps, StampTold, Version
from gateway.web.api.told.record import ErasedTold, LiftedTold, RecordDetail, Records, RecordTold, StepTold, Trace
from gateway.web.api.told.submission import (
    BodyTold,
    CountsTold,
    Links,
    Receipt,
    ReceiptRecord,
    SubmissionDetail,
    Submissions,
    SubmissionTold,
    VerdictTold,
)
from gateway.web.api.told.why import WhyTold
from gateway.web.api.told.wire_key import WireKeysTold, WireKeyTold

__all__ = [
    "AmendedTold",
    "AmendmentTold",
    "AttemptTold",
    "BodyTold",
    "CauseTold",
    "CountsTold",
    "Deliveries",
    "DeliveryDetail",
    "DeliveryTold",
    "ElementTold",
    "Elements",
    "ErasedTold",
    "ExplainedTold",
    "FaultTold",
    "FindingTold",
    "Findings",
    "GroupTold",
    "Groups",
    "JobTold",
    "LiftedTold",
    "Links",
    "MailboxTold",
    "ParcelTold",
    "PlaceTold",
    "ProblemTold",
    "QueueTold",
    "Queues",
    "Ready",
    "Receipt",
    "ReceiptRecord",
    "RecordDetail",
    "RecordTold",
    "Records",
    "RulePage",
    "RuleTold",
    "Rules",
    "StampTold",
    "Stamps",
    "StepTold",
    "SubmissionDetail",
    "SubmissionTold",
    "Submissions",
    "Told",
    "Trace",
    "VerdictTold",
    "Version",
    "WhyTold",
    "WireKeyTold",
    "WireKeysTold",
]
