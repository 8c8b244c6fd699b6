"""The schema: one set of tables for PostgreSQL and SQLite. The migrations must add up to exactly this.

A module a family of tables; the queries import them from here.
"""

from __future__ import annotations

from gateway.store.tables.audit import audit_checkpoints, audit_entries, audit_tiles, audit_timestamps
from gateway.store.tables.caller import api_keys, nonces
from gateway.store.tables.delivery import attempts, deliveries, delivery_findings, items, mailbox, numbers
from gateway.store.tables.glass import glass_uses
from gateway.store.tables.incident import incidents, incidents_told
from gateway.store.tables.operator import factors, login_failures, lost_devices, operator_devices, operators, sessions
from gateway.store.tables.partner import agreements, breakers, partners, paused, revisions
from gateway.store.tables.protected import disclosed, notices, overrides
from gateway.store.tables.receipt import receipt_keys, receipts, receipts_owed, receipts_walked
from gateway.store.tables.record import alarms, answers, records
from gateway.store.tables.repair import amendments, approvals, job_items, jobs
from gateway.store.tables.retention import erasures, extracts, holds, retention_runs
from gateway.store.tables.running import leases, samples
from gateway.store.tables.schema import metadata
from gateway.store.tables.sealing import key_notices, rewraps
from gateway.store.tables.submission import file_numbers, findings, last_files, serials, spool, submissions
from gateway.store.tables.wire import wire_keys, wire_payloads

__all__ = [
    "agreements",
    "alarms",
    "amendments",
    "answers",
    "api_keys",
    "approvals",
    "attempts",
    "audit_checkpoints",
    "audit_entries",
    "audit_tiles",
    "audit_timestamps",
    "breakers",
    "deliveries",
    "delivery_findings",
    "disclosed",
    "erasures",
    "extracts",
    "factors",
    "file_numbers",
    "findings",
    "glass_uses",
    "holds",
    "incidents",
    "incidents_told",
    "items",
    "job_items",
    "jobs",
    "key_notices",
    "last_files",
    "leases",
    "login_failures",
    "lost_devices",
    "mailbox",
    "metadata",
    "nonces",
    "notices",
    "numbers",
    "operator_devices",
    "operators",
    "overrides",
    "partners",
    "paused",
    "receipt_keys",
    "receipts",
    "receipts_owed",
    "receipts_walked",
    "records",
    "retention_runs",
    "revisions",
    "rewraps",
    "samples",
    "serials",
    "sessions",
    "spool",
    "submissions",
    "wire_keys",
    "wire_payloads",
]
