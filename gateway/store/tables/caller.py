"""What the programs that call the API are known by."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("partner", Text),
    Column("operator", Text),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("pepper", Text),
    Index("api_keys_of_partner", "partner"),
)

nonces = Table(
    "nonces",
    metadata,
    Column("holder", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("holder", "digest"),
    Index("nonces_over", "until"),
)
