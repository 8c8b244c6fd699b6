"""Submissions as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from gateway.core.model import Counts, Digest, FormatName, PartnerKey, Submission, SubmissionId, SubmissionState

ONLY_OF_BIG_BODIES = ("lease_owner", "lease_until", "told", "faults", "cause")
"""Columns that begin empty."""


def counts_row(counts: Counts) -> dict[str, int]:
    return {
        "records": counts.records,
        "accepted": counts.accepted,
        "warned": counts.warned,
        "refused": counts.refused,
        "unroutable": counts.unroutable,
        "withheld": counts.withheld,
    }


def submission_row(submission: Submission) -> dict[str, object]:
    """All columns but :data:`ONLY_OF_BIG_BODIES`."""
    return {
        "id": submission.id,
        "sender": submission.sender,
        "idempotency_key": submission.idempotency_key,
        "body_digest": submission.body_digest,
        "body_size": submission.body_size,
        "format": submission.format,
        "received_at": submission.received_at,
        "state": submission.state.value,
        "receipt": submission.receipt,
        "judged_at": submission.judged_at,
        "progress": submission.progress,
        "attested": submission.attested,
        **counts_row(submission.counts),
    }


def submission_from(row: Row[Any]) -> Submission:
    return Submission(
        id=SubmissionId(row.id),
        sender=PartnerKey(row.sender),
        idempotency_key=row.idempotency_key,
        body_digest=Digest(row.body_digest),
        body_size=row.body_size,
        format=FormatName(row.format),
        received_at=row.received_at,
        state=SubmissionState(row.state),
        receipt=row.receipt,
        counts=Counts(row.records, row.accepted, row.warned, row.refused, row.unroutable, row.withheld),
        judged_at=row.judged_at,
        progress=row.progress,
        told=row.told,
        faults=row.faults,
        cause=row.cause,
        attested=row.attested,
    )
