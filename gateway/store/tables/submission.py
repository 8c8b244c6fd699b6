"""What was posted, and what holds its files to the order of those before."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

submissions = Table(
    "submissions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("body_digest", Text, nullable=False),
    Column("body_size", BigInteger, nullable=False),
    Column("format", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("records", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("unroutable", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
    Column("judged_at", Instant),
    Column("progress", Integer, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("told", Integer, nullable=False, server_default=text("0")),
    Column("faults", Integer, nullable=False, server_default=text("0")),
    Column("cause", Text),
    Column("attested", Text),
    UniqueConstraint("sender", "idempotency_key", name="submissions_once"),
    Index("submissions_by_time", "received_at", "id"),
    Index("submissions_of_sender", "sender", "id"),
    Index(
        "submissions_unjudged",
        "received_at",
        **only_where("state = 'received'"),
    ),
    Index(
        "submissions_held",
        "id",
        **only_where("state = 'held'"),
    ),
)

spool = Table(
    "spool",
    metadata,
    Column("submission", Text, nullable=False),
    Column("piece", Integer, nullable=False),
    # Before the body: SQLite would have to walk through the body's pages to read it.
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("submission", "piece"),
)

serials = Table(
    "serials",
    metadata,
    Column("sender", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("record", Text, nullable=False),
    PrimaryKeyConstraint("sender", "serial"),
)

file_numbers = Table(
    "file_numbers",
    metadata,
    Column("sender", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("submission", Text, nullable=False),
    PrimaryKeyConstraint("sender", "series", "number"),
    Index("file_numbers_of_submission", "submission"),
)

last_files = Table(
    "last_files",
    metadata,
    Column("sender", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("submission", Text, nullable=False),
    PrimaryKeyConstraint("sender", "series"),
)

findings = Table(
    "findings",
    metadata,
    Column("submission", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("record", Integer),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("field", Text),
    Column("path", Text),
    Column("start", Integer),
    Column("length", Integer),
    Column("line", Integer),
    Column("note", Text),
    PrimaryKeyConstraint("submission", "number"),
    Index("findings_by_rule", "submission", "rule", "number"),
)
