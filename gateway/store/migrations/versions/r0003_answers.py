"""Which record answers which: a federal answer and the request of the state. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table, Text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

metadata = MetaData()

answers = Table(
    "answers",
    metadata,
    Column("record", Text, primary_key=True),
    Column("question", Text, nullable=False),
    Index("answers_to", "question"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
