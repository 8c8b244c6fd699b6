"""Findings and the rules behind them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from gateway.core.model import Severity
from gateway.web.api.told.answer import Told


class PlaceTold(Told):
    """Where one finding is; never what stands there."""

    record: Annotated[int | None, Field(description="1-based number of the record in the file")] = None
    path: str | None = None
    columns: Annotated[str | None, Field(description="Bytes of the record, 1-based: ``88-93``")] = None
    line: int | None = None
    note: Annotated[str | None, Field(description="What was expected")] = None


class FindingTold(PlaceTold):
    rule: str
    severity: Severity
    field: str | None = None


class ExplainedTold(FindingTold):
    title: str
    fix: str
    source: str
    help: str


class RuleTold(Told):
    code: str
    severity: Severity
    field: str | None
    count: int
    title: str
    fix: str
    source: Annotated[str, Field(description="Receipts that were written before 29 November 2026 do not have it")] = ""
    help: str
    samples: list[PlaceTold]


class Findings(Told):
    rows: list[FindingTold]
    next: str | None


class RulePage(Told):
    code: str
    title: str
    fix: str
    severity: Severity
    field: str | None
    source: str
    kinds: list[str]
    since: date | None
    until: date | None


class Rules(Told):
    rows: list[RulePage]
