"""Incidents, and who was told of them. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

metadata = MetaData()

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("discovered_at", BigInteger, nullable=False),
    Column("about", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("partner", Text),
    Column("data", Text, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", Text),
)

incidents_told = Table(
    "incidents_told",
    metadata,
    Column("incident", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("told_by", Text, nullable=False),
    PrimaryKeyConstraint("incident", "duty"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
