"""The smaller tables of a partner file: batching, retries, breaker, contacts; how durations and names are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from gateway.core.batching import NEVER, window_after
from gateway.core.model import Batching, BatchMode
from gateway.core.retry import DEFAULT_WAITS

_DURATION = re.compile(r"^(\d+)(ms|s|m|h|d)$")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _duration(value: object) -> timedelta:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write a duration like 30s, 10m, 2h or 1d")
    return timedelta(seconds=int(found.group(1)) * _UNITS[found.group(2)])


def _shaped(pattern: str, words: str) -> AfterValidator:
    """A text of this shape; ``words`` say so to people who do not read patterns."""
    fitting = re.compile(pattern)

    def shaped(value: str) -> str:
        if not fitting.fullmatch(value):
            raise ValueError(f"write {words}")
        return value

    return AfterValidator(shaped)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Key = Annotated[str, _shaped(r"[a-z0-9][a-z0-9-]{1,62}", "2 to 63 lower-case letters, digits and hyphens")]
Locator = Annotated[
    str,
    _shaped(
        r"[0-9A-Z]{2}|[0-9A-Z]{5}|[0-9A-Z]{7}|[0-9]{9}|[A-Z][A-Z0-9-]{1,15}",
        "a state's number, a locator of 5 or 7 characters, an employer's 9 digits, or an agency's code in capitals",
    ),
]
Email = Annotated[str, _shaped(r"[^@\s]+@[^@\s]+", "an address like pat@agency.example")]
Thumbprint = Annotated[str, _shaped(r"[0-9a-f]{64}", "64 hex digits in lower case: `gateway partner certificate FILE`")]
KeyName = Annotated[
    str, _shaped(r"[A-Za-z0-9._:-]{1,64}", "1 to 64 letters, digits, dots, hyphens, colons or underscores")
]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BatchingTable(Table):
    mode: Annotated[BatchMode, BeforeValidator(BatchMode)]
    count: int = Field(default=1_000, ge=1)
    age: Duration = timedelta(minutes=5)
    cron: str | None = None
    timezone: str = "America/New_York"
    working_days: bool = False
    limit: int = Field(default=10_000, ge=1, le=50_000)

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                CronSim(value, _EPOCH)
            except CronSimError as error:
                raise ValueError("not a cron line of five fields") from error
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not a time zone of the IANA database") from error
        return value

    @model_validator(mode="after")
    def _window_has_times(self) -> BatchingTable:
        if (self.mode is BatchMode.WINDOW) != (self.cron is not None):
            raise ValueError("cron goes with mode = 'window' and only with it")
        if self.mode is BatchMode.WINDOW and window_after(self.value(), _EPOCH) - _EPOCH > NEVER:
            raise ValueError("the cron line never falls on a working day")
        return self

    def value(self) -> Batching:
        return Batching(**self.model_dump())


class RetryTable(Table):
    waits: list[Duration] = Field(default=list(DEFAULT_WAITS), min_length=1, max_length=50)
    jitter: float = Field(default=0.2, ge=0, le=0.5)
    longest_retry_after: Duration = timedelta(hours=6)


class BreakerTable(Table):
    failures: int = Field(default=5, ge=1)
    rest: Duration = timedelta(seconds=30)
    longest_rest: Duration = timedelta(minutes=30)


class ContactTable(Table):
    name: str
    email: Email
    purpose: str = "operations"
