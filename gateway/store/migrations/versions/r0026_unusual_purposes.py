"""The index over records that name a purpose leaves out support, which most requests name. One index for another."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAME = "records_of_purpose"


def upgrade() -> None:
    _replace("bearing LIKE '%for:%' AND bearing NOT LIKE '%for:support%'")


def downgrade() -> None:
    _replace("bearing LIKE '%for:%'")


def _replace(condition: str) -> None:
    op.drop_index(NAME, "records")
    op.create_index(NAME, "records", ["id"], postgresql_where=text(condition), sqlite_where=text(condition))
