"""Where an answer leads: from the operation that tells an id to those that take it. OpenAPI links are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lead:
    """A member of a successful answer that is a path parameter elsewhere."""

    member: str
    """JSON pointer into the answer."""
    parameter: str
    operations: tuple[str, ...]
    """The operations that take it, by name."""


_OF_SUBMISSION = (
    "getSubmission",
    "listSubmissionRecords",
    "listSubmissionFindings",
    "getAcceptedReceipt",
    "getFinalReceipt",
)
_OF_RECORD = ("getRecord", "getRecordTrace", "getRecordProof")

LEADS: Mapping[str, tuple[Lead, ...]] = {
    "postSubmission": (Lead("/submission", "id", _OF_SUBMISSION), Lead("/records/0/id", "id", _OF_RECORD)),
    "listSubmissions": (Lead("/rows/0/id", "id", _OF_SUBMISSION),),
    "getSubmission": (Lead("/id", "id", _OF_SUBMISSION[1:]),),
    "listSubmissionRecords": (Lead("/rows/0/id", "id", _OF_RECORD),),
    "getRecord": (Lead("/id", "id", _OF_RECORD[1:]), Lead("/deliveries/0/id", "id", ("getDelivery",))),
    "listDeliveries": (Lead("/rows/0/id", "id", ("getDelivery", "retryDelivery", "withdrawDelivery")),),
    "getDelivery": (Lead("/id", "id", ("retryDelivery", "withdrawDelivery")),),
    "listMailbox": (Lead("/rows/0/delivery", "delivery", ("getParcel", "acknowledgeParcel", "refuseParcel")),),
    "planReplay": (Lead("/id", "id", ("getReplay", "cancelReplay")),),
    "startReplay": (Lead("/id", "id", ("getReplay", "cancelReplay")),),
    "askAmendment": (Lead("/id", "id", ("getAmendment", "sendAmendment")),),
    "listRules": (Lead("/rows/0/code", "code", ("getRule",)),),
}
"""Operation -> what its answer leads to."""


def links_of(operation: str) -> dict[str, object]:
    """The links of an operation's successful answer, by name: OpenAPI 3.1, 4.8.20."""
    return {
        f"{to}By{lead.member.strip('/').replace('/', '-')}": {
            "operationId": to,
            "parameters": {lead.parameter: f"$response.body#{lead.member}"},
        }
        for lead in LEADS.get(operation, ())
        for to in lead.operations
    }
