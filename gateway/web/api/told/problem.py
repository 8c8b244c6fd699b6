"""Why a call was not answered as it was asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.web.api.told.answer import Told
from gateway.web.api.told.finding import ExplainedTold


class FaultTold(Told):
    pointer: str
    code: str
    expected: str


class ProblemTold(Told):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: Annotated[str, Field(description="The exact cause; usually the one of the type")]
    errors: list[FaultTold] | None = None
    findings: Annotated[list[ExplainedTold] | None, Field(description="Why a file cannot be read")] = None
