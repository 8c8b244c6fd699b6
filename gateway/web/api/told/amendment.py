"""What two people change of what a delivery carries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.web.api.told.answer import Told
from gateway.web.api.told.finding import FindingTold


class ElementTold(Told):
    path: str
    shape: Annotated[str, Field(description="What the value is like: ``9 digits``, ``a day``, ``short text``")]
    fixed: Annotated[bool, Field(description="Nobody may amend it")]


class Elements(Told):
    rows: list[ElementTold]


class AmendmentTold(Told):
    id: Annotated[str, Field(description="That of the request for the second word")]
    delivery: str
    record: str
    elements: Annotated[list[str], Field(description="Canonical paths of what changes")]
    state: Annotated[str, Field(description="asked, approved, refused, used or expired")]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None
    used_at: datetime | None
    format: Annotated[
        str | None, Field(description="The partner's format, where the delivery was tried in it; null: it was not")
    ]
    writable: Annotated[bool | None, Field(description="False: it cannot be written in that format as it is")]
    findings: Annotated[list[FindingTold], Field(description="What that format cannot carry")]
