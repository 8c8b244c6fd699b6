"""Records, and the steps that they went through."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.model import RecordState
from gateway.web.api.told.answer import Told
from gateway.web.api.told.delivery import DeliveryTold
from gateway.web.api.told.why import WhyTold


class RecordTold(Told):
    id: str
    submission: Annotated[str | None, Field(description="Only for its sender")]
    ordinal: Annotated[int | None, Field(description="Only for its sender")]
    kind: str | None
    sender: str
    recipient: str | None
    state: RecordState
    reason: str | None
    transaction: str | None
    digest: str | None
    received_at: datetime


class ErasedTold(Told):
    at: datetime
    policy: Annotated[str, Field(description="Version of the retention policy")]
    rule: Annotated[str, Field(description="The class that decided")]


class RecordDetail(RecordTold):
    erased: Annotated[ErasedTold | None, Field(description="Set when nothing of the content is left")]
    deliveries: list[DeliveryTold]
    why: Annotated[
        WhyTold | None, Field(description="Why it goes to nobody, or by which order it left; for its sender")
    ] = None
    links: dict[str, str]


class StepTold(Told):
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    details: dict[str, str | int]
    attempt: int | None


class Trace(Told):
    steps: list[StepTold]


class LiftedTold(Told):
    persons: Annotated[int, Field(description="On so many persons the notice was taken back; 0: it placed none")]


class Records(Told):
    rows: list[RecordTold]
    next: str | None
