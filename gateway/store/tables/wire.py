"""Wire protection: the keys of both sides, and payloads as they were protected."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

wire_keys = Table(
    "wire_keys",
    metadata,
    Column("owner", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("use", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("certificate", LargeBinary),
    Column("sealed", LargeBinary),
    Column("added_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("retired_at", Instant),
    Column("expires_at", Instant),
    Column("test_digest", LargeBinary),
    Column("test_until", Instant),
    PrimaryKeyConstraint("owner", "id"),
)

wire_payloads = Table(
    "wire_payloads",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("inner", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("sealed", LargeBinary),
    # Those that are forgotten stay as rows; the clock on the others must not look at them.
    Index(
        "wire_payloads_kept",
        "delivery",
        **only_where("sealed IS NOT NULL"),
    ),
)
