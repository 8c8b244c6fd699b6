"""The register of wire keys, and protected payloads until they are taken. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

from gateway.store.types import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

metadata = MetaData()

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
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
