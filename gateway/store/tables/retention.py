"""What is kept for how long: runs of erasing, legal holds, extracts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

erasures = Table(
    "erasures",
    metadata,
    Column("record", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("erasures_of_run", "run", "record"),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("upto", Text),
    Column("records", BigInteger, nullable=False),
    Column("ended_at", Instant),
    Column("certificate", Text),
    Column("scope", Text, nullable=False, server_default="all"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("released_by", Text),
    Column("released_at", Instant),
)

extracts = Table(
    "extracts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("erase_by", Instant, nullable=False),
    Column("erased_at", Instant),
    Column("erased_by", Text),
    Index(
        "extracts_kept",
        "erase_by",
        **only_where("erased_at IS NULL"),
    ),
)
