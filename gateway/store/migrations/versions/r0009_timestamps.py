"""Time stamps of checkpoints. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

metadata = MetaData()

audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
