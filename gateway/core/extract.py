"""Extracts: copies that left the gateway's own store (OCSS security agreement: logged, erasure verified in 90 days)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Extract:
    """A copy that left the gateway's own store: whose, for what, and when it has to be gone."""

    id: str
    what: str
    """What it holds: ``audit-export``, ``evidence``, ``backup`` ..."""
    about: str
    """Of which object: ``record:<id>``, ``log:0-512`` ..."""
    owner: str
    purpose: str
    made_at: datetime
    erase_by: datetime
    erased_at: datetime | None = None
    erased_by: str | None = None

    def overdue(self, now: datetime) -> bool:
        return self.erased_at is None and self.erase_by <= now


def erase_by(made_at: datetime, days: int) -> datetime:
    return made_at + timedelta(days=days)


EXTRACTS: Mapping[str, str] = {
    "audit-export": "entries and tiles of the audit log",
    "evidence": "all that the log says about one record",
    "disclosures": "the accounting of disclosures of one case",
    "incident-report": "counts and ids of what happened in a time",
    "records-list": "a list of records, without their content, that two people agreed on",
    "backup": "a copy of the database, sealed as it is there",
    "backup-with-keys": "a copy of the database and of the keys that open it, that two people agreed on",
    "other": "a copy that somebody made by other means and wrote down here",
}
"""Every kind of copy that leaves, and what is in it; what makes one names its kind here."""
