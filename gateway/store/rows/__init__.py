"""Values of the core as rows of the tables, and back. Enumerations are stored as their values, details as JSON text."""

from __future__ import annotations

from gateway.store.rows.delivery import attempt_from, attempt_row, delivery_from, delivery_row, item_row
from gateway.store.rows.entry import (
    CLOSED,
    ENTRIES,
    as_text,
    details_from,
    entry_from,
    entry_row,
    redacted,
    write_entries,
)
from gateway.store.rows.finding import finding_from, finding_row
from gateway.store.rows.record import cargo_from, record_from, record_row
from gateway.store.rows.submission import ONLY_OF_BIG_BODIES, counts_row, submission_from, submission_row

__all__ = [
    "CLOSED",
    "ENTRIES",
    "ONLY_OF_BIG_BODIES",
    "as_text",
    "attempt_from",
    "attempt_row",
    "cargo_from",
    "counts_row",
    "delivery_from",
    "delivery_row",
    "details_from",
    "entry_from",
    "entry_row",
    "finding_from",
    "finding_row",
    "item_row",
    "record_from",
    "record_row",
    "redacted",
    "submission_from",
    "submission_row",
    "write_entries",
]
