"""What the process says of itself: its health, its version, the time stamps of its log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.web.api.told.answer import Told


class Ready(Told):
    ready: bool
    checks: Annotated[dict[str, str], Field(description="Only with ``verbose``")]


class StampTold(Told):
    size: int
    at: Annotated[datetime, Field(description="The time that the authority told")]


class Stamps(Told):
    rows: list[StampTold]


class Version(Told):
    version: str
