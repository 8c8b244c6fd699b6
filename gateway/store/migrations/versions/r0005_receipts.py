"""Signed receipts, the public keys that made them, and which submissions still owe one. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

metadata = MetaData()

receipts = Table(
    "receipts",
    metadata,
    Column("submission", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("kid", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("submission", "kind"),
)

receipt_keys = Table(
    "receipt_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

receipts_owed = Table(
    "receipts_owed",
    metadata,
    Column("submission", Text, primary_key=True),
    Column("look_at", BigInteger, nullable=False),
    Index("receipts_owed_by_time", "look_at"),
)

receipts_walked = Table(
    "receipts_walked", metadata, Column("name", Text, primary_key=True), Column("upto", Text, nullable=False)
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
