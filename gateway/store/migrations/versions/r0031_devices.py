"""The computers that operators' accounts are bound to, and the one that a session was begun on. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

metadata = MetaData()

operator_devices = Table(
    "operator_devices",
    metadata,
    Column("operator", Text, nullable=False),
    Column("thumbprint", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("operator", "thumbprint"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.add_column("sessions", Column("device", Text))


def downgrade() -> None:
    op.drop_column("sessions", "device")
    metadata.drop_all(op.get_bind(), checkfirst=False)
