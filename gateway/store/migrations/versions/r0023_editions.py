"""Deliveries count what two people amended in them: partners tell editions apart. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, text

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", Column("edition", Integer, nullable=False, server_default=text("1")))
    op.execute(
        "UPDATE deliveries SET edition = 1 + (SELECT count(*) FROM amendments"
        " WHERE amendments.delivery = deliveries.id AND amendments.used_at IS NOT NULL)"
        " WHERE id IN (SELECT delivery FROM amendments WHERE used_at IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_column("deliveries", "edition")
