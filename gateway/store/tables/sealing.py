"""Keys at rest: moves of sealed bodies to new keys, and the notices before a key ends."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

rewraps = Table(
    "rewraps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("goal", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
    Column("after", Text),
    Column("seen", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("broken", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
    Column("ended_at", Instant),
)

key_notices = Table(
    "key_notices",
    metadata,
    Column("key", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "days"),
)
