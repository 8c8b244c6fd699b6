"""Column types that read the same on PostgreSQL and SQLite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
"""What is read for a number that is no moment. Only somebody's hand writes one, and whoever verifies the log has to
come to the row and say that it does not give its leaf hash."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC as microseconds since 1970 in a 64-bit integer: exact, ordered and the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        passed = value - _EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, ANN401 - SQLAlchemy's signature
        if value is None:
            return None
        try:
            return _EPOCH + timedelta(microseconds=int(value))
        except (ValueError, OverflowError):
            return NEVER
