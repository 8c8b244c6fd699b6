"""What requests may say: query parameters and request documents. Unknown members are refused."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.core.amendment import LONGEST_VALUE, MOST_CHANGES
from gateway.core.ids import FORM
from gateway.core.model import DeliveryState, RecordState, SubmissionState
from gateway.web.operations import Action

Id = Annotated[str, Field(pattern=f"^{FORM}$", description="UUIDv7")]
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
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _written(text: str) -> str:
    """Pydantic would take digits for seconds since 1970, and days and times in other shapes than the one described."""
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError("must be a date-time of RFC 3339, section 5.6")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_written), Field(description="RFC 3339, with its offset from UTC")]


class Asked(BaseModel):
    """A request document or the parameters of a query."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- queries ---------------------------------------------------------------------------------------------------------


class PageQuery(Asked):
    limit: Annotated[int, Field(ge=1, le=500, description="At most so many rows")] = 50
    cursor: Annotated[str, Field(max_length=512, description="``next`` of the page before")] | None = None


class SubmissionsQuery(PageQuery):
    state: SubmissionState | None = None


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
    since: Moment | None = None
    until: Moment | None = None


class ReadyQuery(Asked):
    verbose: Annotated[str, Field(max_length=5, description="Name each check")] | None = None


# --- request documents -----------------------------------------------------------------------------------------------


class Because(Asked):
    reason: Reason


_Received = Annotated[Sha256 | None, Field(description="SHA-256 of the bytes as they were received, lower-case hex")]


class Refusing(Asked):
    reason: Code
    digest: _Received = None


class Taking(Asked):
    digest: Annotated[_Received, Field(description="Required: SHA-256 of the bytes as they were received")] = None


class Proving(Asked):
    proof: Annotated[str, Field(max_length=128, description="The line that the test message carries")]


class Acknowledgement(Asked):
    delivery: Id
    digest: Annotated[_Received, Field(description="Required: SHA-256 of the bytes as they were received")] = None
    outcome: Literal["accepted", "refused"]
    reason: Annotated[Code | None, Field(description="Required with refused")] = None


class ChangeAsked(Asked):
    path: Annotated[str, Field(min_length=1, max_length=200, description="Canonical path: ``Participant[2]/...``")]
    value: Annotated[str, Field(max_length=LONGEST_VALUE, repr=False, description="Empty: the element is taken out")]


class Amending(Asked):
    record: Id
    changes: Annotated[list[ChangeAsked], Field(min_length=1, max_length=MOST_CHANGES)]
    reason: Reason


class ReplayPlan(Asked):
    """Either ``ids`` or at least one of the others."""

    action: Action
    reason: Reason
    ids: Annotated[list[Id], Field(min_length=1, max_length=_MOST_IDS)] | None = None
    state: Literal["dead", "held", "withheld", "pending", "waiting"] | None = None
    partner: Key | None = None
    cause: Key | None = None


class ReplayStart(Asked):
    token: Annotated[Id, Field(description="The token of the plan")]
