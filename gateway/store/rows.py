"""Values of the core as rows of the tables, and back. Enumerations are stored as their values, details as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.audit_entry import Recorded, canonical_json
from gateway.core.model import (
    Actor,
    AgreementKey,
    Attempt,
    AuditEntry,
    Cargo,
    Counts,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    Fault,
    Finding,
    FormatName,
    Item,
    Kind,
    Outcome,
    PartnerKey,
    Path,
    Record,
    RecordId,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.store.insertion import Insertion
from gateway.store.tables import audit_entries

ENTRIES = Insertion(audit_entries, without=("seq", "leaf_hash"))
"""Audit entries go in unnumbered: the integrator numbers them later."""


async def write_entries(connection: AsyncConnection, entries: Sequence[AuditEntry]) -> None:
    """Add audit entries, unnumbered, in the transaction of the change that they tell of."""
    await ENTRIES.write(connection, (entry_row(entry) for entry in entries))


# --- submissions -----------------------------------------------------------------------------------------------------


def counts_row(counts: Counts) -> dict[str, int]:
    return {
        "records": counts.records,
        "accepted": counts.accepted,
        "warned": counts.warned,
        "refused": counts.refused,
        "unroutable": counts.unroutable,
        "withheld": counts.withheld,
    }


def submission_row(submission: Submission) -> dict[str, object]:
    """All columns but those that only big bodies have: the lease, and what was told."""
    return {
        "id": submission.id,
        "sender": submission.sender,
        "idempotency_key": submission.idempotency_key,
        "body_digest": submission.body_digest,
        "body_size": submission.body_size,
        "format": submission.format,
        "received_at": submission.received_at,
        "state": submission.state.value,
        "receipt": submission.receipt,
        "judged_at": submission.judged_at,
        "progress": submission.progress,
        **counts_row(submission.counts),
    }


def submission_from(row: Row[Any]) -> Submission:
    return Submission(
        id=SubmissionId(row.id),
        sender=PartnerKey(row.sender),
        idempotency_key=row.idempotency_key,
        body_digest=Digest(row.body_digest),
        body_size=row.body_size,
        format=FormatName(row.format),
        received_at=row.received_at,
        state=SubmissionState(row.state),
        receipt=row.receipt,
        counts=Counts(row.records, row.accepted, row.warned, row.refused, row.unroutable, row.withheld),
        judged_at=row.judged_at,
        progress=row.progress,
        told=row.told,
    )


# --- records and findings ---------------------------------------------------------------------------------------------


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


def finding_row(submission: SubmissionId, number: int, finding: Finding) -> dict[str, object]:
    """``number`` runs through the findings of the submission, in the order in which they were written."""
    return {
        "submission": submission,
        "number": number,
        "record": finding.record,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "field": finding.field,
        "path": finding.path,
        "start": finding.start,
        "length": finding.length,
        "line": finding.line,
        "note": finding.note,
    }


def finding_from(row: Row[Any]) -> Finding:
    return Finding(
        rule=RuleCode(row.rule),
        severity=Severity(row.severity),
        record=row.record,
        field=row.field,
        path=None if row.path is None else Path(row.path),
        start=row.start,
        length=row.length,
        line=row.line,
        note=row.note,
    )


# --- deliveries -------------------------------------------------------------------------------------------------------


def item_row(item: Item) -> dict[str, object]:
    return {
        "record": item.record,
        "partner": item.partner,
        "sender": item.sender,
        "kind": item.kind,
        "agreement": item.agreement,
        "delivery": item.delivery,
        "owed_at": item.owed_at,
    }


def delivery_row(delivery: Delivery, announce_at: datetime) -> dict[str, object]:
    """All columns but the lease."""
    return {
        "id": delivery.id,
        "partner": delivery.partner,
        "sender": delivery.sender,
        "kind": delivery.kind,
        "format": delivery.format,
        "agreement": delivery.agreement,
        "state": delivery.state.value,
        "created_at": delivery.created_at,
        "due_at": delivery.due_at,
        "announce_at": announce_at,
        "records": delivery.records,
        "lane": delivery.lane,
        "number": delivery.number,
        "attempts": delivery.attempts,
        "digest": delivery.digest,
        "size": delivery.size,
        "cause": delivery.cause,
        "fault": None if delivery.fault is None else delivery.fault.value,
        "answer": delivery.answer,
        "settled_at": delivery.settled_at,
    }


def _as_it_is(column: Any) -> Any:  # noqa: ANN401 - a column of a row
    return column


def delivery_from(row: Row[Any], instant: Callable[[Any], Any] = _as_it_is) -> Delivery:
    """``instant`` makes moments of rows that come as the driver has them."""
    return Delivery(
        id=DeliveryId(row.id),
        partner=PartnerKey(row.partner),
        sender=PartnerKey(row.sender),
        kind=Kind(row.kind),
        format=FormatName(row.format),
        agreement=AgreementKey(row.agreement),
        state=DeliveryState(row.state),
        created_at=instant(row.created_at),
        due_at=instant(row.due_at),
        records=row.records,
        lane=row.lane,
        number=row.number,
        attempts=row.attempts,
        digest=None if row.digest is None else Digest(row.digest),
        size=row.size,
        cause=row.cause,
        fault=None if row.fault is None else Fault(row.fault),
        answer=row.answer,
        settled_at=instant(row.settled_at),
    )


def attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "delivery": attempt.delivery,
        "number": attempt.number,
        "begun_at": attempt.begun_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome.value,
        "code": attempt.code,
        "answer": attempt.answer,
    }


def attempt_from(row: Row[Any]) -> Attempt:
    return Attempt(
        delivery=DeliveryId(row.delivery),
        number=row.number,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome),
        code=row.code,
        answer=row.answer,
    )


# --- audit ------------------------------------------------------------------------------------------------------------


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
    kind, _, name = actor.partition(":")
    told = Recorded(details)
    if salt:
        return AuditEntry(id_, at, Actor(kind, name), action, obj, outcome, told, salt)
    return AuditEntry(id_, at, Actor(kind, name), action, obj, outcome, {}, salt, str(told[CLOSED]))


CLOSED = "commitment"
"""All that stands in the details of an entry whose salt was destroyed."""


def redacted(commitment: str) -> str:
    """The details of an entry when they are destroyed."""
    return canonical_json({CLOSED: commitment}).decode()


def details_from(text: str) -> Mapping[str, str | int]:
    details: Mapping[str, str | int] = json.loads(text)
    return details
