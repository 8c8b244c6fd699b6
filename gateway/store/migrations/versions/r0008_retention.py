"""Retention: erasures and their runs, holds, extracts, and the accounting of disclosures. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

metadata = MetaData()

erasures = Table(
    "erasures",
    metadata,
    Column("record", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("erasures_of_run", "run", "record"),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("upto", Text),
    Column("records", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("certificate", Text),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("released_by", Text),
    Column("released_at", BigInteger),
)

extracts = Table(
    "extracts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("erase_by", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    Column("erased_by", Text),
    Index(
        "extracts_kept",
        "erase_by",
        postgresql_where=text("erased_at IS NULL"),
        sqlite_where=text("erased_at IS NULL"),
    ),
)

disclosed = Table(
    "disclosed",
    metadata,
    Column("record", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("record", "delivery"),
    Index("disclosed_of_token", "token", "at"),
    Index("disclosed_by_time", "at"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
