"""Why something stays, or by which order it went."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.web.api.told.answer import Told


class WhyTold(Told):
    """Why something was not sent, or was sent by order of a court (code ``court-order``), without anything of the
    record."""

    code: str
    rule: Annotated[str, Field(description="The requirement that it follows from")]
    title: str
    change: Annotated[str, Field(description="What would have to change")]
    source: str
    policy: Annotated[str, Field(description="Version of the disclosure policy whose words these are")]
