"""Failed logins, counted for all console processes. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "login_failures"


def upgrade() -> None:
    op.create_table(
        TABLE,
        Column("number", Integer, primary_key=True),
        Column("subject", LargeBinary, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("login_failures_of_subject", TABLE, ["subject", "at"])
    op.create_index("login_failures_by_time", TABLE, ["at"])


def downgrade() -> None:
    op.drop_table(TABLE)
