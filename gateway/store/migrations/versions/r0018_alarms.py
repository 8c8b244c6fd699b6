"""Alarms of deadlines, given once; and an index over the records that change a mark of danger. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table, Text, text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAME = "records_of_danger"
metadata = MetaData()

alarms = Table(
    "alarms",
    metadata,
    Column("object", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("object", "stage"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    some = text("bearing LIKE '%danger-change%'")
    op.create_index(NAME, "records", ["received_at", "id"], postgresql_where=some, sqlite_where=some)


def downgrade() -> None:
    op.drop_index(NAME, "records")
    metadata.drop_all(op.get_bind(), checkfirst=False)
