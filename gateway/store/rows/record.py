"""Records as rows, and what the disclosure guard must know of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.core.model import Cargo, Digest, Kind, PartnerKey, Record, RecordId, RecordState, SubmissionId


def record_row(record: Record) -> dict[str, object]:
    return {
        "id": record.id,
        "submission": record.submission,
        "ordinal": record.ordinal,
        "kind": record.kind,
        "sender": record.sender,
        "recipient": record.recipient,
        "state": record.state.value,
        "reason": record.reason,
        "transaction": record.transaction,
        "case_index": record.case_index,
        "serial": record.serial,
        "digest": record.digest,
        "sealed": record.sealed,
        "received_at": record.received_at,
        "bearing": record.bearing,
        "persons": record.persons,
        "index_key": record.index_key,
    }


def record_from(row: Row[Any]) -> Record:
    """A record; without its body when the query left the column ``sealed`` out."""
    return Record(
        id=RecordId(row.id),
        submission=SubmissionId(row.submission),
        ordinal=row.ordinal,
        kind=None if row.kind is None else Kind(row.kind),
        sender=PartnerKey(row.sender),
        recipient=None if row.recipient is None else PartnerKey(row.recipient),
        state=RecordState(row.state),
        reason=row.reason,
        transaction=row.transaction,
        case_index=row.case_index,
        serial=row.serial,
        digest=None if row.digest is None else Digest(row.digest),
        sealed=getattr(row, "sealed", None),
        received_at=row.received_at,
        bearing=row.bearing,
        persons=row.persons,
        index_key=row.index_key,
    )


def cargo_from(row: Any, moment: Callable[[Any], datetime] = lambda value: value) -> Cargo:  # noqa: ANN401 - any row with these columns
    """``moment`` as in :func:`delivery_from`."""
    return Cargo(RecordId(row.id), row.bearing, row.persons, moment(row.received_at))
