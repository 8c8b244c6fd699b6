"""What operators do about deliveries: bulk jobs, amendments, and the second person's permissions."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
)

job_items = Table(
    "job_items",
    metadata,
    Column("job", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("result", Text),
    PrimaryKeyConstraint("job", "delivery"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("act", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("frozen", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("decision", Text, nullable=False),
    Column("used_by", Text),
    Column("used_at", Instant),
    Index("approvals_by_what", "frozen"),
)

amendments = Table(
    "amendments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("delivery", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("base", Text),
    Column("fields", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("made_at", Instant, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("used_at", Instant),
    Column("sealed", LargeBinary),
    Index("amendments_of_delivery", "delivery"),
    Index("amendments_of_record", "record"),
)
