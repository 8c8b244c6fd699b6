"""Erasing runs say whether all goes that is due, or only what the law has destroyed with its delivery. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("retention_runs", Column("scope", Text, nullable=False, server_default="all"))


def downgrade() -> None:
    op.drop_column("retention_runs", "scope")
