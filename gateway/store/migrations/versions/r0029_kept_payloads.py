"""Payloads that are still kept are found without those that were forgotten. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_KEPT = text("sealed IS NOT NULL")


def upgrade() -> None:
    op.create_index("wire_payloads_kept", "wire_payloads", ["delivery"], postgresql_where=_KEPT, sqlite_where=_KEPT)


def downgrade() -> None:
    op.drop_index("wire_payloads_kept", "wire_payloads")
