"""Where the rows are kept."""

from __future__ import annotations

from pydantic import Field

from gateway.settings.part import Part


class Database(Part):
    url: str = Field(default="sqlite+aiosqlite:///state/gateway.db", repr=False)
    """``postgresql+asyncpg://user:password@host/name`` or ``sqlite+aiosqlite:///path``."""
    pool: int = Field(default=8, ge=1, le=100)
