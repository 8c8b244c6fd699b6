"""Routes of submissions: the way in, and what became of it."""

from __future__ import annotations

from gateway.core.attestation import HEADER
from gateway.web.api import asked, submissions, told
from gateway.web.api.operation import Answer, AnyBody, Operation, Route
from gateway.web.auth import Scope

_RATE = ("RateLimit-Policy", "RateLimit")
_KEY = {
    "Idempotency-Key*": "A fresh key for each body, 1 to 128 letters, digits and ._:-; a repeat gets the same receipt",
    "Content-Digest": "RFC 9530; checked when it holds sha-256 or sha-512",
}
_ATTESTED = {HEADER: "Version of the text (getAttestation) that the sender attests with requests to find persons"}
_KEY_PROBLEMS = ("idempotency-key-missing", "idempotency-key-unfit", "idempotency-mismatch", "conflict")
_NONE_MATCH = {"If-None-Match": "The ETag that the caller has"}
_MESSAGE = (
    "protection-required",
    "message-refused",
    "message-misdirected",
    "message-stale",
    "message-replayed",
    "wire-key-unknown",
    "wire-key-retired",
    "wire-key-expired",
)
"""For senders whose partner file names a profile of wire protection."""
_FILE = (
    *_MESSAGE,
    "attestation-unfit",
    "unprocessable",
    "empty-body",
    "unreadable",
    "format-unknown",
    "format-ambiguous",
    "format-not-allowed",
)

SUBMISSIONS: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/submissions",
        submissions.post_submission,
        Operation(
            "postSubmission",
            "Submit a file of records. 202 means durable; up to 1,000 records are judged in the answer.",
            "submissions",
            Scope.SUBMIT,
            {
                202: Answer(
                    "Durable; the receipt",
                    told.Receipt,
                    headers=("Location", "Retry-After", "Idempotent-Replayed", *_RATE),
                )
            },
            (*_KEY_PROBLEMS, "content-digest-mismatch", *_FILE),
            body=AnyBody(),
            query=asked.BodyQuery,
            headers=_KEY | _ATTESTED,
        ),
    ),
    Route(
        "POST",
        "/v1/validations",
        submissions.post_validation,
        Operation(
            "postValidation",
            "Judge a file as a submission would be; nothing is kept.",
            "submissions",
            Scope.SUBMIT,
            {200: Answer("The verdict", told.VerdictTold)},
            _FILE,
            body=AnyBody(),
            query=asked.BodyQuery,
            headers=_ATTESTED,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions",
        submissions.list_submissions,
        Operation(
            "listSubmissions",
            "The caller's submissions, newest first.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Submissions, headers=("Link",))},
            ("bad-cursor",),
            query=asked.SubmissionsQuery,
        ),
    ),
    Route(
        "POST",
        "/v1/submissions/{id}/retry",
        submissions.retry_submission,
        Operation(
            "retrySubmission",
            "Have a held submission judged on: one at which the gateway itself failed again and again.",
            "submissions",
            Scope.OPERATE,
            {200: Answer("The submission", told.SubmissionTold)},
            ("not-found", "submission-state", "reason-unfit"),
            body=asked.Because,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}",
        submissions.get_submission,
        Operation(
            "getSubmission",
            "State, counts, progress, and findings by rule with samples.",
            "submissions",
            Scope.READ,
            {
                200: Answer("The submission", told.SubmissionDetail, headers=("ETag", "Retry-After")),
                304: Answer("Nothing has changed", media_type=None, headers=("ETag", "Retry-After")),
            },
            ("not-found",),
            headers=_NONE_MATCH,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}/records",
        submissions.list_records,
        Operation(
            "listSubmissionRecords",
            "The records of a submission, in their order.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Records, headers=("Link",))},
            ("not-found", "bad-cursor"),
            query=asked.RecordsQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}/findings",
        submissions.list_findings,
        Operation(
            "listSubmissionFindings",
            "The findings of a submission, in their order.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Findings, headers=("Link",))},
            ("not-found", "bad-cursor"),
            query=asked.FindingsQuery,
        ),
    ),
)
