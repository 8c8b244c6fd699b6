"""Routes of records: what one is, what happened to it, its proof."""

from __future__ import annotations

from gateway.web.api import asked, records, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_TEXT = "text/plain"

RECORDS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/records/{id}",
        records.get_record,
        Operation(
            "getRecord",
            "What a record is and where it went; never its content.",
            "records",
            Scope.READ,
            {200: Answer("The record", told.RecordDetail)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/v1/records/{id}/trace",
        records.get_trace,
        Operation(
            "getRecordTrace",
            "Every step with time, actor and attempt, oldest first.",
            "records",
            Scope.READ,
            {200: Answer("The steps", told.Trace)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/v1/records/{id}/proof",
        records.get_proof,
        Operation(
            "getRecordProof",
            "The proof that the record's entry is in the audit log; checks offline.",
            "records",
            Scope.READ,
            {200: Answer("The proof file", media_type=_TEXT)},
            ("not-found", "proof-pending"),
        ),
    ),
    Route(
        "POST",
        "/v1/records/{id}/lift",
        records.lift_notice,
        Operation(
            "liftNotice",
            "Take back the notice of danger that a record of the caller's placed; what others placed stands.",
            "records",
            Scope.SUBMIT,
            {200: Answer("How many persons it was about", told.LiftedTold)},
            ("not-found", "reason-unfit"),
            body=asked.Because,
        ),
    ),
)
