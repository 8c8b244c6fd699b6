"""The surname of an account, sealed: it is compared with the names of the records that the account opens. Additive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operators", Column("sealed_surname", LargeBinary))


def downgrade() -> None:
    op.drop_column("operators", "sealed_surname")
