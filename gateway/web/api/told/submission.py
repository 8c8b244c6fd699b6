"""What was posted and what became of it: receipts, sums, the verdict of a file that is only checked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.model import RecordState, SubmissionState
from gateway.web.api.told.answer import Told
from gateway.web.api.told.delivery import CauseTold
from gateway.web.api.told.finding import FindingTold, RuleTold


class CountsTold(Told):
    records: int
    accepted: int
    warned: int
    refused: int
    unroutable: int
    withheld: int


class Links(Told):
    self: str
    records: str
    findings: str
    accepted: Annotated[str, Field(description="The signed receipt of what was taken")]
    final: Annotated[
        str | None,
        Field(
            description="The signed receipt of what became of it. Null until everything has ended: ask the submission"
            " itself, since lists and the answer to a post do not look"
        ),
    ]


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
    stopped: Annotated[
        CauseTold | None,
        Field(
            description="Why nobody judges it while it is held: the gateway's own doing, nothing has to be sent again"
        ),
    ]
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
    counts: Annotated[
        CountsTold | None,
        Field(
            description="Null while the state is `received`: such a body is judged later, and nothing is counted yet."
            " The submission tells its counts so far, and the final receipt signs them"
        ),
    ]
    findings: list[RuleTold]
    records: list[ReceiptRecord]
    links: Links


class VerdictTold(Told):
    format: str
    counts: CountsTold
    rules: list[RuleTold]
    refused_as_a_whole: Annotated[
        bool, Field(description="A submission would be answered with an error, and none of the records taken")
    ]
    findings: Annotated[list[FindingTold], Field(description="The first 1,000 in file order")]


class Submissions(Told):
    rows: list[SubmissionTold]
    next: str | None
