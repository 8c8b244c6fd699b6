"""Deliveries, the attempts at them, and the queues that they stand in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.model import DeliveryState, Fault
from gateway.web.api.told.answer import Told
from gateway.web.api.told.finding import FindingTold
from gateway.web.api.told.why import WhyTold


class DeliveryTold(Told):
    id: str
    partner: str
    sender: str
    kind: str
    format: str
    state: DeliveryState
    records: int
    number: int
    edition: Annotated[int, Field(description="One more for each amendment by two people that was sent")]
    known_as: Annotated[
        str, Field(description="By what its partner tells a repeat: the id, and the edition if amended")
    ]
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


class AmendedTold(Told):
    """That the delivery carries something else than the record; the record stays."""

    record: str
    elements: list[str]
    at: datetime
    known_as: Annotated[str, Field(description="By what its partner knows the delivery from then on")]
    asked_by: Annotated[str | None, Field(description="Operators only")] = None
    approved_by: Annotated[str | None, Field(description="Operators only")] = None


class CauseTold(Told):
    """What a cause means and what to do, in the words of the runbook."""

    meaning: str
    remedy: str


class DeliveryDetail(DeliveryTold):
    amended: Annotated[list[AmendedTold], Field(description="Where two people changed what it carries, oldest first")]
    history: list[AttemptTold]
    why: Annotated[
        WhyTold | None,
        Field(description="Why the disclosure guard keeps it back, or by which order of a court it left"),
    ] = None
    stopped: Annotated[
        CauseTold | None,
        Field(description="Of a delivery that needs a person and that the guard does not keep; operators only"),
    ] = None
    findings: Annotated[
        list[FindingTold], Field(description="What the partner's format could not carry, found when first composed")
    ]


class QueueTold(Told):
    partner: str
    pending: int
    claimed: int
    waiting: int
    dead: int
    held: int
    gathering: int
    oldest: datetime | None
    entered_a_minute: Annotated[
        float | None, Field(description="Deliveries made or sent again, over five minutes; null: not measured")
    ]
    left_a_minute: Annotated[float | None, Field(description="Deliveries taken, placed, dead or held, as measured")]
    change_a_minute: Annotated[float | None, Field(description="Of what is pending or claimed")]
    consumers: Annotated[int | None, Field(description="Dispatchers that listen to the queue")]
    clears_in_seconds: Annotated[
        float | None, Field(description="If as many go on coming and going; null: it does not shrink, or is not known")
    ]


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
    stopped: CauseTold


class Groups(Told):
    rows: list[GroupTold]


class Deliveries(Told):
    rows: list[DeliveryTold]
    next: str | None
