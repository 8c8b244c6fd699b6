"""Orders of courts, and an index over withheld records, among which an order looks for its answer. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, text

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

metadata = MetaData()

overrides = Table(
    "overrides",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("court", Text, nullable=False),
    Column("ordered_on", Text, nullable=False),
    Column("expires_on", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("entered_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("delivery", Text),
    Column("record", Text),
    Column("used_at", BigInteger),
)
NAME = "records_withheld"


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    some = text("state = 'withheld'")
    op.create_index(NAME, "records", ["id"], postgresql_where=some, sqlite_where=some)


def downgrade() -> None:
    op.drop_index(NAME, "records")
    metadata.drop_all(op.get_bind(), checkfirst=False)
