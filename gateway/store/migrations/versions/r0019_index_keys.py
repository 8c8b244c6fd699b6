"""Under which index key the blind indexes of a row are; empty: the first one. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = (("records", "index_key"), ("notices", "index_key"), ("notices", "renewed"), ("disclosed", "index_key"))


def upgrade() -> None:
    for table, name in COLUMNS:
        op.add_column(table, Column(name, Text))


def downgrade() -> None:
    for table, name in reversed(COLUMNS):
        op.drop_column(table, name)
