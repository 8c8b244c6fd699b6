"""The re-wrap job, and which notices of a key's end were given. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

metadata = MetaData()

rewraps = Table(
    "rewraps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("goal", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
    Column("after", Text),
    Column("seen", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("broken", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)

key_notices = Table(
    "key_notices",
    metadata,
    Column("key", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "days"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
