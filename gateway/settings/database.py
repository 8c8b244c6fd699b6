"""Where the rows are kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from gateway.settings.part import Part


class Database(Part):
    url: str = Field(default="sqlite+aiosqlite:///state/gateway.db", repr=False)
    """``postgresql+asyncpg://user:password@host/name`` or ``sqlite+aiosqlite:///path``."""
    ca: Path | None = None
    """PEM file of the authorities that PostgreSQL's certificate may be of; none: those that the system trusts. Beyond
    this machine TLS is spoken in any case; named, on this machine too."""
    plain: bool = False
    """Reach PostgreSQL on another machine in the clear: only where the network between is protected by other means."""
    pool: int = Field(default=8, ge=1, le=100)

    @property
    def is_server(self) -> bool:
        """Whether it is PostgreSQL, and not a file."""
        return self.url.startswith("postgresql")

    @model_validator(mode="after")
    def _one_word(self) -> Database:
        if self.plain and self.ca is not None:
            raise ValueError("plain and ca contradict each other")
        return self
