"""Incidents, and who was told of them."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("discovered_at", Instant, nullable=False),
    Column("about", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("partner", Text),
    Column("data", Text, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
)

incidents_told = Table(
    "incidents_told",
    metadata,
    Column("incident", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("told_by", Text, nullable=False),
    PrimaryKeyConstraint("incident", "duty"),
)
