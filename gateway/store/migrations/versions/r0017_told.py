"""How far the sender of a big body has been told what is wrong with it. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, text

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", Column("told", Integer, nullable=False, server_default=text("0")))
    # Whoever is being judged just now has been told as far as nobody died.
    op.execute("UPDATE submissions SET told = progress WHERE state = 'received'")


def downgrade() -> None:
    op.drop_column("submissions", "told")
