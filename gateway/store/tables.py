"""The schema: one set of tables for PostgreSQL and SQLite. The migrations must add up to exactly this."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.types import Instant

metadata = MetaData()

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
    UniqueConstraint("sender", "idempotency_key", name="submissions_once"),
    Index("submissions_by_time", "received_at", "id"),
    Index("submissions_of_sender", "sender", "id"),
    Index(
        "submissions_unjudged",
        "received_at",
        postgresql_where=text("state = 'received'"),
        sqlite_where=text("state = 'received'"),
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
        postgresql_where=text("recipient IS NOT NULL"),
        sqlite_where=text("recipient IS NOT NULL"),
    ),
    Index(
        "records_by_case",
        "case_index",
        postgresql_where=text("case_index IS NOT NULL"),
        sqlite_where=text("case_index IS NOT NULL"),
    ),
    Index(
        "records_parked",
        "id",
        postgresql_where=text("state = 'unroutable'"),
        sqlite_where=text("state = 'unroutable'"),
    ),
    Index(
        "records_withheld",
        "id",
        postgresql_where=text("state = 'withheld'"),
        sqlite_where=text("state = 'withheld'"),
    ),
    # Few records name a purpose; some of them go as soon as they are delivered.
    Index(
        "records_of_purpose",
        "id",
        postgresql_where=text("bearing LIKE '%for:%'"),
        sqlite_where=text("bearing LIKE '%for:%'"),
    ),
    # Few records change a mark of danger at a registry; the clock on them must not look at all others.
    Index(
        "records_of_danger",
        "received_at",
        "id",
        postgresql_where=text("bearing LIKE '%danger-change%'"),
        sqlite_where=text("bearing LIKE '%danger-change%'"),
    ),
    # Sealed bodies do not compress: up to a page they stay in their row instead of going through TOAST.
    postgresql_with={"toast_tuple_target": 8160},
)

alarms = Table(
    "alarms",
    metadata,
    Column("object", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("object", "stage"),
)

notices = Table(
    "notices",
    metadata,
    Column("person", LargeBinary, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("stands", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("index_key", Text),
    Column("renewed", Text),
    PrimaryKeyConstraint("person", "placed_by"),
    Index("notices_since", "revision"),
    Index("notices_of_record", "record"),
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("court", Text, nullable=False),
    Column("ordered_on", Text, nullable=False),
    Column("expires_on", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("delivery", Text),
    Column("record", Text),
    Column("used_at", Instant),
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
        postgresql_where=text("delivery IS NULL"),
        sqlite_where=text("delivery IS NULL"),
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
    Index(
        "deliveries_due",
        "announce_at",
        postgresql_where=text("state = 'pending'"),
        sqlite_where=text("state = 'pending'"),
    ),
    Index(
        "deliveries_leased",
        "lease_until",
        postgresql_where=text("state = 'claimed'"),
        sqlite_where=text("state = 'claimed'"),
    ),
    Index(
        "deliveries_in_lane",
        "partner",
        "lane",
        "id",
        postgresql_where=text("lane IS NOT NULL AND state <> 'delivered' AND state <> 'withdrawn'"),
        sqlite_where=text("lane IS NOT NULL AND state <> 'delivered' AND state <> 'withdrawn'"),
    ),
    Index(
        "deliveries_open",
        "partner",
        "state",
        postgresql_where=text("state <> 'delivered'"),
        sqlite_where=text("state <> 'delivered'"),
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

answers = Table(
    "answers",
    metadata,
    Column("record", Text, primary_key=True),
    Column("question", Text, nullable=False),
    Index("answers_to", "question"),
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
        postgresql_where=text("sealed IS NOT NULL"),
        sqlite_where=text("sealed IS NOT NULL"),
    ),
)

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

partners = Table(
    "partners",
    metadata,
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "version"),
)

agreements = Table(
    "agreements",
    metadata,
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "version"),
)

paused = Table("paused", metadata, Column("partner", Text, primary_key=True), Column("at", Instant, nullable=False))

revisions = Table(
    "revisions", metadata, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False)
)

nonces = Table(
    "nonces",
    metadata,
    Column("holder", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("holder", "digest"),
    Index("nonces_over", "until"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("partner", Text),
    Column("operator", Text),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("pepper", Text),
    Index("api_keys_of_partner", "partner"),
)

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

breakers = Table(
    "breakers",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("probe_at", Instant),
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

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

rewraps = Table(
    "rewraps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("goal", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
    Column("after", Text),
    Column("seen", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("broken", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
    Column("ended_at", Instant),
)

key_notices = Table(
    "key_notices",
    metadata,
    Column("key", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "days"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("seq", BigInteger),
    Column("leaf_hash", LargeBinary),
    Index("audit_by_object", "object"),
    Index("audit_by_seq", "seq", unique=True),
    Index("audit_unsequenced", "id", postgresql_where=text("seq IS NULL"), sqlite_where=text("seq IS NULL")),
)

audit_tiles = Table(
    "audit_tiles",
    metadata,
    Column("level", Integer, nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "index"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

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

erasures = Table(
    "erasures",
    metadata,
    Column("record", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("erasures_of_run", "run", "record"),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("upto", Text),
    Column("records", BigInteger, nullable=False),
    Column("ended_at", Instant),
    Column("certificate", Text),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("released_by", Text),
    Column("released_at", Instant),
)

extracts = Table(
    "extracts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("erase_by", Instant, nullable=False),
    Column("erased_at", Instant),
    Column("erased_by", Text),
    Index(
        "extracts_kept",
        "erase_by",
        postgresql_where=text("erased_at IS NULL"),
        sqlite_where=text("erased_at IS NULL"),
    ),
)

disclosed = Table(
    "disclosed",
    metadata,
    Column("record", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("index_key", Text),
    PrimaryKeyConstraint("record", "delivery"),
    Index("disclosed_of_token", "token", "at"),
    Index("disclosed_by_time", "at"),
)

audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
)

wire_keys = Table(
    "wire_keys",
    metadata,
    Column("owner", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("use", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("certificate", LargeBinary),
    Column("sealed", LargeBinary),
    Column("added_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("retired_at", Instant),
    Column("expires_at", Instant),
    Column("test_digest", LargeBinary),
    Column("test_until", Instant),
    PrimaryKeyConstraint("owner", "id"),
)

wire_payloads = Table(
    "wire_payloads",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("inner", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("sealed", LargeBinary),
)
