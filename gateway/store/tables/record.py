"""The records, the questions that they answer, and the alarms that went off about them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

records = Table(
    "records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("submission", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("kind", Text),
    Column("sender", Text, nullable=False),
    Column("recipient", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("transaction", Text),
    Column("case_index", LargeBinary),
    Column("serial", Text),
    Column("digest", Text),
    Column("sealed", LargeBinary),
    Column("received_at", Instant, nullable=False),
    Column("bearing", Text),
    Column("persons", LargeBinary),
    Column("index_key", Text),
    Index("records_of_submission", "submission", "ordinal"),
    Index("records_of_sender", "sender", "id"),
    Index(
        "records_of_recipient",
        "recipient",
        "id",
        **only_where("recipient IS NOT NULL"),
    ),
    Index(
        "records_by_case",
        "case_index",
        **only_where("case_index IS NOT NULL"),
    ),
    # Those that did not go on their way are few, and looked for by everybody.
    Index(
        "records_by_state",
        "state",
        "id",
        **only_where("state <> 'routed'"),
    ),
    # New hires are most of all: whoever looks for them meets them at once, and a file of 100,000 need not pay for it.
    Index(
        "records_of_kind",
        "kind",
        "id",
        **only_where("kind <> 'new-hire'"),
    ),
    # Few records name a purpose that is not support; some of them go as soon as they are delivered.
    Index(
        "records_of_purpose",
        "id",
        **only_where("bearing LIKE '%for:%' AND bearing NOT LIKE '%for:support%'"),
    ),
    # Few records change a mark of danger at a registry; the clock on them must not look at all others.
    Index(
        "records_of_danger",
        "received_at",
        "id",
        **only_where("bearing LIKE '%danger-change%'"),
    ),
    # Sealed bodies do not compress: up to a page they stay in their row instead of going through TOAST.
    postgresql_with={"toast_tuple_target": 8160},
)

answers = Table(
    "answers",
    metadata,
    Column("record", Text, primary_key=True),
    Column("question", Text, nullable=False),
    Index("answers_to", "question"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("object", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("object", "stage"),
)
