"""What was attested with a submission: bodies that are judged later are judged by it. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", Column("attested", Text))


def downgrade() -> None:
    op.drop_column("submissions", "attested")
