"""Uses of the broken glass, each the task of its review."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

glass_uses = Table(
    "glass_uses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("emergency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("login_at", Instant, nullable=False),
    Column("broken_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("review_by", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("reviewed_by", Text),
    Column("reviewed_at", Instant),
    Column("verdict", Text),
    Column("note", Text),
    Index(
        "glass_unended",
        "operator",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
