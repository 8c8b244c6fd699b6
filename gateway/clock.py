"""What time it is, for whoever hands a clock on."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current time, timezone-aware UTC: a :data:`gateway.core.ids.Clock`."""
    return datetime.now(UTC)
