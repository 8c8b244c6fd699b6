"""What is owed to partners, in which payload, and how each try to hand it over ended."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from gateway.store.tables.schema import metadata, only_where
from gateway.store.types import Instant

items = Table(
    "items",
    metadata,
    Column("record", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("delivery", Text),
    Column("owed_at", Instant, nullable=False),
    Column("amendment", Text),
    PrimaryKeyConstraint("record", "partner"),
    Index("items_of_delivery", "delivery"),
    Index(
        "items_waiting",
        "partner",
        "sender",
        "kind",
        "record",
        **only_where("delivery IS NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("announce_at", Instant, nullable=False),
    Column("records", Integer, nullable=False),
    Column("lane", LargeBinary),
    Column("number", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("digest", Text),
    Column("size", BigInteger),
    Column("cause", Text),
    Column("fault", Text),
    Column("answer", Text),
    Column("settled_at", Instant),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("edition", Integer, nullable=False, server_default=text("1")),
    Index(
        "deliveries_due",
        "announce_at",
        **only_where("state = 'pending'"),
    ),
    Index(
        "deliveries_leased",
        "lease_until",
        **only_where("state = 'claimed'"),
    ),
    Index(
        "deliveries_in_lane",
        "partner",
        "lane",
        "id",
        **only_where("lane IS NOT NULL AND state <> 'delivered' AND state <> 'withdrawn'"),
    ),
    Index(
        "deliveries_by_state",
        "state",
        "partner",
        "id",
        **only_where("state <> 'delivered'"),
    ),
    # The lists of a partner go through all states; a delivery comes into these two once, at its end.
    Index(
        "deliveries_made",
        "partner",
        "id",
        **only_where("state = 'delivered'"),
    ),
    Index(
        "deliveries_made_of",
        "sender",
        "id",
        **only_where("state = 'delivered'"),
    ),
)

numbers = Table(
    "numbers",
    metadata,
    Column("partner", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("partner", "sender", "kind"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text),
    Column("answer", Text),
    Index("attempts_of_delivery", "delivery"),
)

delivery_findings = Table(
    "delivery_findings",
    metadata,
    Column("delivery", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("record", Integer),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("field", Text),
    Column("path", Text),
    Column("start", Integer),
    Column("length", Integer),
    Column("note", Text),
    PrimaryKeyConstraint("delivery", "number"),
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("placed_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Index(
        "mailbox_of_partner",
        "partner",
        "placed_at",
        **only_where("sealed IS NOT NULL"),
    ),
)
