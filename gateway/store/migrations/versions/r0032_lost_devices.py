"""Computers that were reported lost. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

metadata = MetaData()

lost_devices = Table(
    "lost_devices",
    metadata,
    Column("thumbprint", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
