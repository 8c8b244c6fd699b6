"""Orders of courts name the partner that gets the answer. Additive: an order from before names none, and lets nothing
go any more; two people agree on it anew."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("overrides", Column("recipient", Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("overrides", "recipient")
