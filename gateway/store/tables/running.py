"""What running processes share: leases, and samples of their figures."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("series", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("value", Float, nullable=False),
    Index("samples_of_series", "series", "at"),
)
