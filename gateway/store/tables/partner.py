"""Partners and agreements, a row a version, and how partners are doing."""

from __future__ import annotations

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

partners = Table(
    "partners",
    metadata,
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "version"),
)

agreements = Table(
    "agreements",
    metadata,
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "version"),
)

revisions = Table(
    "revisions", metadata, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False)
)

paused = Table("paused", metadata, Column("partner", Text, primary_key=True), Column("at", Instant, nullable=False))

breakers = Table(
    "breakers",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("probe_at", Instant),
)
