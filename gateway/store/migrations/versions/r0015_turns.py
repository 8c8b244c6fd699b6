"""The order of files: numbers that were used, and the last file of each series. Additive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_numbers",
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("submission", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sender", "series", "number"),
    )
    op.create_index("file_numbers_of_submission", "file_numbers", ["submission"])
    op.create_table(
        "last_files",
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("submission", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sender", "series"),
    )


def downgrade() -> None:
    op.drop_table("last_files")
    op.drop_table("file_numbers")
