"""Second factors of operators, their partner and provider, and when a login showed a factor. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

metadata = MetaData()

factors = Table(
    "factors",
    metadata,
    Column("id", Text, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("credential", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index("factors_of_operator", "operator"),
    Index("factors_by_credential", "credential", unique=True),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.add_column("operators", Column("partner", Text))
    op.add_column("operators", Column("provider", Text, nullable=False, server_default="local"))
    op.add_column("operators", Column("subject", Text))
    op.add_column("sessions", Column("proved_at", BigInteger))


def downgrade() -> None:
    op.drop_column("sessions", "proved_at")
    for name in ("subject", "provider", "partner"):
        op.drop_column("operators", name)
    metadata.drop_all(op.get_bind(), checkfirst=False)
