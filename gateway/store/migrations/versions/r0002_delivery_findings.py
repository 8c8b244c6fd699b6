"""Findings on deliveries: what a partner's format could not carry. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = MetaData()

delivery_findings = Table(
    "delivery_findings",
    metadata,
    Column("delivery", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("record", Integer),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("field", Text),
    Column("path", Text),
    Column("start", Integer),
    Column("length", Integer),
    Column("note", Text),
    PrimaryKeyConstraint("delivery", "number"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
