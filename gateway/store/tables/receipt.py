"""Signed receipts, those still owed, and the public keys that they are checked with."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

receipts = Table(
    "receipts",
    metadata,
    Column("submission", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("kid", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("submission", "kind"),
)

receipt_keys = Table(
    "receipt_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

receipts_owed = Table(
    "receipts_owed",
    metadata,
    Column("submission", Text, primary_key=True),
    Column("look_at", Instant, nullable=False),
    Index("receipts_owed_by_time", "look_at"),
)

receipts_walked = Table(
    "receipts_walked", metadata, Column("name", Text, primary_key=True), Column("upto", Text, nullable=False)
)
