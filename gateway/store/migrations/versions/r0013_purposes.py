"""An index over the records that name a purpose themselves: some go once they are delivered. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "records_of_purpose"


def upgrade() -> None:
    some = text("bearing LIKE '%for:%'")
    op.create_index(NAME, "records", ["id"], postgresql_where=some, sqlite_where=some)


def downgrade() -> None:
    op.drop_index(NAME, "records")
