"""Uses of the broken glass, each the task of its review."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from gateway.store.tables.schema import metadata, only_where
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
    Index("glass_unended", "operator", unique=True, **only_where("ended_at IS NULL")),
)
