"""Bodies at which the gateway itself failed: how often in a row, with what, and those that are held. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, Text, text

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_HELD = text("state = 'held'")


def upgrade() -> None:
    op.add_column("submissions", Column("faults", Integer, nullable=False, server_default=text("0")))
    op.add_column("submissions", Column("cause", Text))
    op.create_index("submissions_held", "submissions", ["id"], postgresql_where=_HELD, sqlite_where=_HELD)


def downgrade() -> None:
    # An older gateway knows no body that is held: it judges it again.
    op.execute("UPDATE submissions SET state = 'received' WHERE state = 'held'")
    op.drop_index("submissions_held", "submissions")
    op.drop_column("submissions", "cause")
    op.drop_column("submissions", "faults")
