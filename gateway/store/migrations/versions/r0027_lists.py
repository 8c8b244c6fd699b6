"""Lists go along indexes: a partner's deliveries that were made, and records that did not go on their way.

One index of records for two. Additive otherwise.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import TextClause, text

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_MADE = text("state = 'delivered'")
_STOPPED = text("state <> 'routed'")
_WAS = {"records_parked": text("state = 'unroutable'"), "records_withheld": text("state = 'withheld'")}


def upgrade() -> None:
    _index("records_by_state", "records", ["state", "id"], _STOPPED)
    _index("deliveries_made", "deliveries", ["partner", "id"], _MADE)
    _index("deliveries_made_of", "deliveries", ["sender", "id"], _MADE)
    for name in _WAS:
        op.drop_index(name, "records")


def downgrade() -> None:
    for name, some in _WAS.items():
        _index(name, "records", ["id"], some)
    op.drop_index("deliveries_made_of", "deliveries")
    op.drop_index("deliveries_made", "deliveries")
    op.drop_index("records_by_state", "records")


def _index(name: str, table: str, columns: list[str], some: TextClause) -> None:
    op.create_index(name, table, columns, postgresql_where=some, sqlite_where=some)
