"""What two people change of what a delivery carries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.web.api.told.answer import Told


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
