"""The audit log: entries, the tiles of its Merkle tree, checkpoints and their timestamps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("seq", BigInteger),
    Column("leaf_hash", LargeBinary),
    Index("audit_by_object", "object"),
    Index("audit_by_seq", "seq", unique=True),
    Index(
        "audit_unsequenced",
        "id",
        **only_where("seq IS NULL"),
    ),
)

audit_tiles = Table(
    "audit_tiles",
    metadata,
    Column("level", Integer, nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "index"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
)
