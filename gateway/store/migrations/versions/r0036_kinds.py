"""Searches for a kind go along an index. New hires are most of all records and need none. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

NAME = "records_of_kind"
_UNUSUAL = text("kind <> 'new-hire'")


def upgrade() -> None:
    op.create_index(NAME, "records", ["kind", "id"], postgresql_where=_UNUSUAL, sqlite_where=_UNUSUAL)


def downgrade() -> None:
    op.drop_index(NAME, "records")
