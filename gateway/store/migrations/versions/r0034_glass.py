"""Breaking the glass: which accounts may, and each use with its review. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

metadata = MetaData()

glass_uses = Table(
    "glass_uses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("emergency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("login_at", BigInteger, nullable=False),
    Column("broken_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("review_by", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("reviewed_by", Text),
    Column("reviewed_at", BigInteger),
    Column("verdict", Text),
    Column("note", Text),
    Index(
        "glass_unended",
        "operator",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.add_column("operators", Column("break_glass", Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("operators", "break_glass")
    metadata.drop_all(op.get_bind(), checkfirst=False)
