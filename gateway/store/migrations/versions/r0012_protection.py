"""What the disclosure guard knows of a record, and notices of danger about persons. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

metadata = MetaData()

notices = Table(
    "notices",
    metadata,
    Column("person", LargeBinary, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("stands", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("person", "placed_by"),
    Index("notices_since", "revision"),
    Index("notices_of_record", "record"),
)

COLUMNS = (("bearing", Text), ("persons", LargeBinary))


def upgrade() -> None:
    for name, type_ in COLUMNS:
        op.add_column("records", Column(name, type_))
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
    for name, _ in COLUMNS:
        op.drop_column("records", name)
