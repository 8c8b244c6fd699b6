"""The people at the console: their second factors, sessions and failed logins."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from gateway.store.tables.schema import metadata
from gateway.store.types import Instant

operators = Table(
    "operators",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("partner", Text),
    Column("provider", Text, nullable=False, server_default="local"),
    Column("subject", Text),
    Column("sealed_surname", LargeBinary),
    Column("break_glass", Integer, nullable=False, server_default="0"),
)

factors = Table(
    "factors",
    metadata,
    Column("id", Text, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("credential", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("factors_of_operator", "operator"),
    Index("factors_by_credential", "credential", unique=True),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("subject", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index("login_failures_of_subject", "subject", "at"),
    Index("login_failures_by_time", "at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_digest", LargeBinary, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("proved_at", Instant),
    Column("device", Text),
)

operator_devices = Table(
    "operator_devices",
    metadata,
    Column("operator", Text, nullable=False),
    Column("thumbprint", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    PrimaryKeyConstraint("operator", "thumbprint"),
)

lost_devices = Table(
    "lost_devices",
    metadata,
    Column("thumbprint", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
