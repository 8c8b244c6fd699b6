"""Persons in danger, the court orders that lift their protection, and what was disclosed of whom."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

notices = Table(
    "notices",
    metadata,
    Column("person", LargeBinary, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stands", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("index_key", Text),
    Column("renewed", Text),
    PrimaryKeyConstraint("person", "placed_by"),
    Index("notices_since", "revision"),
    Index("notices_of_record", "record"),
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("court", Text, nullable=False),
    Column("ordered_on", Text, nullable=False),
    Column("expires_on", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("delivery", Text),
    Column("record", Text),
    Column("used_at", Instant),
    Column("recipient", Text, nullable=False, server_default=""),
)

disclosed = Table(
    "disclosed",
    metadata,
    Column("record", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("index_key", Text),
    PrimaryKeyConstraint("record", "delivery"),
    Index("disclosed_of_token", "token", "at"),
    Index("disclosed_by_time", "at"),
)
