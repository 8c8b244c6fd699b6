"""What dead deliveries carry in place of a record, once two people agreed. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

metadata = MetaData()

amendments = Table(
    "amendments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("delivery", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("base", Text),
    Column("fields", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("used_at", BigInteger),
    Column("sealed", LargeBinary),
    Index("amendments_of_delivery", "delivery"),
    Index("amendments_of_record", "record"),
)


def upgrade() -> None:
    op.add_column("items", Column("amendment", Text))
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
    op.drop_column("items", "amendment")
