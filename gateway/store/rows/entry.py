"""Audit entries as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.audit_entry import Recorded, canonical_json
from gateway.core.model import Actor, AuditEntry, EntryId
from gateway.store.insertion import Insertion
from gateway.store.tables import audit_entries

ENTRIES = Insertion(audit_entries, without=("seq", "leaf_hash"))
"""Audit entries go in unnumbered: the integrator numbers them later."""
CLOSED = "commitment"
"""All that stands in the details of an entry whose salt was destroyed."""


async def write_entries(connection: AsyncConnection, entries: Sequence[AuditEntry]) -> None:
    """Add audit entries, unnumbered, in the transaction of the change that they tell of."""
    await ENTRIES.write(connection, (entry_row(entry) for entry in entries))


def entry_row(entry: AuditEntry) -> dict[str, object]:
    """All columns but the number and the leaf hash, which the integrator sets."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": str(entry.actor),
        "action": entry.action,
        "object": entry.object,
        "outcome": entry.outcome,
        "details": canonical_json(entry.details).decode(),
        "salt": entry.salt,
    }


def entry_from(row: Sequence[Any]) -> AuditEntry:
    """An entry of a row of all columns of the table, in their order."""
    id_, at, actor, action, obj, outcome, details, salt, *_ = row
    if not (type(id_) is type(actor) is type(action) is type(obj) is type(outcome) is type(details) is str):
        actor, action, obj, outcome, details = map(as_text, (actor, action, obj, outcome, details))
        id_ = EntryId(as_text(id_))
    if type(salt) is not bytes:
        salt = as_text(salt).encode()
    closed = None if salt else _commitment(details)
    told = Recorded(details) if closed is None else {}
    return AuditEntry(id_, at, Actor.parse(actor), action, obj, outcome, told, salt, closed)


def as_text(value: object) -> str:
    """A text of the store. Of a value of another type, as SQLite takes it from somebody's hand, one that no entry has:
    the entry then does not give its leaf hash."""
    return value if isinstance(value, str) else f"?{value!r}"


def _commitment(details: str) -> str | None:
    """What stands in the place of destroyed details; None where somebody wrote something else there. Then the entry
    does not give its leaf hash, which is for whoever verifies the log to say and not for whoever reads a row."""
    try:
        told = json.loads(details)
    except ValueError:
        return None
    return str(told[CLOSED]) if isinstance(told, dict) and CLOSED in told else None


def redacted(commitment: str) -> str:
    """The details of an entry when they are destroyed."""
    return canonical_json({CLOSED: commitment}).decode()


def details_from(text: str) -> Mapping[str, str | int]:
    details: Mapping[str, str | int] = json.loads(text)
    return details
