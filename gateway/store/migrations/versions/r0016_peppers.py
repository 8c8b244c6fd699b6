"""Which pepper made the digest of an API key; empty: the first one. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", Column("pepper", Text))


def downgrade() -> None:
    op.drop_column("api_keys", "pepper")
