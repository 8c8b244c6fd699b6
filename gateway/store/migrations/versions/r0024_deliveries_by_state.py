"""Deliveries that are not delivered are found by state and partner, oldest first. One index in place of another."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_OPEN = text("state <> 'delivered'")


def upgrade() -> None:
    op.drop_index("deliveries_open", table_name="deliveries")
    op.create_index(
        "deliveries_by_state",
        "deliveries",
        ["state", "partner", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("deliveries_by_state", table_name="deliveries")
    op.create_index("deliveries_open", "deliveries", ["partner", "state"], sqlite_where=_OPEN, postgresql_where=_OPEN)
