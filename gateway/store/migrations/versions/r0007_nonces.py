"""Values that count once: ids of assertions and nonces of message signatures. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

from gateway.store.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

metadata = MetaData()

nonces = Table(
    "nonces",
    metadata,
    Column("holder", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("holder", "digest"),
    Index("nonces_over", "until"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
