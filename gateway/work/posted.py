"""What is known of a submission before its body, and the submission that it becomes."""

from __future__ import annotations

from datetime import datetime

from gateway.core.attestation import attested, lacking
from gateway.core.model import (
    Counts,
    Digest,
    FormatName,
    Partner,
    RuleCode,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.swift import swift
from gateway.work.route import Origin


@swift
class Head:
    id: SubmissionId
    sender: Partner
    key: str
    format: FormatName
    received_at: datetime
    attested: str = ""
    """What the sender's attestation is worth (:mod:`gateway.core.attestation`)."""

    @property
    def lacking(self) -> RuleCode | None:
        """The rule by which requests to find a person are refused."""
        return lacking(self.sender, self.attested)

    @property
    def origin(self) -> Origin:
        return Origin(self.id, self.sender.key, self.received_at, attested=attested(self.attested))

    def submission(
        self, state: SubmissionState, digest: str, size: int, counts: Counts, receipt: bytes = b""
    ) -> Submission:
        """With its receipt, which is written from the submission without one."""
        return Submission(
            id=self.id,
            sender=self.sender.key,
            idempotency_key=self.key,
            body_digest=Digest(digest),
            body_size=size,
            format=self.format,
            received_at=self.received_at,
            state=state,
            receipt=receipt,
            counts=counts,
            judged_at=self.received_at if state is SubmissionState.JUDGED else None,
            progress=counts.records,
            attested=self.attested or None,
        )
