"""Synthetic submissions, records and deliveries for the contract suites of the store."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.core.acceptance import Acceptance, Judged, total
from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.core.model import (
    Actor,
    AgreementKey,
    Delivery,
    DeliveryId,
    DeliveryState,
    Finding,
    FormatName,
    Item,
    Kind,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)

NOW = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
OHIO, IOWA, TANF = PartnerKey("ohio"), PartnerKey("iowa"), PartnerKey("tanf")
LOCATE = Kind("locate")
ACTOR = Actor("partner", "ohio")

mint = minting(lambda: datetime.now(UTC), os.urandom)
scribe = Scribe(lambda: NOW, mint, os.urandom)


def receipt(submission, judged, findings):
    """A receipt that shows what it was written from."""
    states = ",".join(one.record.state.value for one in judged)
    return f"{submission.id}|{submission.counts.accepted}|{submission.counts.refused}|{states}|{len(findings)}".encode()


def delivery_of(record: Record, partner: PartnerKey, due: datetime = NOW) -> Delivery:
    return Delivery(
        id=DeliveryId(mint()),
        partner=partner,
        sender=record.sender,
        kind=LOCATE,
        format=FormatName("xml"),
        agreement=AgreementKey(f"{record.sender}-{partner}"),
        state=DeliveryState.PENDING,
        created_at=due,
        due_at=due,
        records=1,
        lane=record.case_index,
    )


def judged_record(
    submission: SubmissionId,
    ordinal: int = 1,
    *,
    state: RecordState = RecordState.ROUTED,
    sender: PartnerKey = OHIO,
    to: tuple[PartnerKey, ...] = (IOWA,),
    serial: str | None = None,
    case: bytes | None = None,
    findings: tuple[Finding, ...] = (),
    size: int = 40,
    batched: bool = False,
    received_at: datetime = NOW,
) -> Judged:
    kept = state is not RecordState.REFUSED
    routed = state is RecordState.ROUTED
    record = Record(
        id=RecordId(mint()),
        submission=submission,
        ordinal=ordinal,
        kind=LOCATE,
        sender=sender,
        recipient=to[0] if routed else None,
        state=state,
        reason=None if routed else "agreement-missing",
        transaction="LO1 R",
        case_index=case,
        serial=serial,
        digest=hashlib.sha256(str(ordinal).encode()).hexdigest() if kept else None,
        sealed=os.urandom(size) if kept else None,
        received_at=received_at,
    )
    owed = to if routed else ()
    return Judged(record, findings, *routes(record, owed, batched=batched), _entry(record, owed))


def routes(record: Record, to: tuple[PartnerKey, ...], *, batched: bool = False):
    owed = () if batched else tuple(delivery_of(record, partner) for partner in to)
    carriers = [None] * len(to) if batched else [one.id for one in owed]
    items = tuple(
        Item(record.id, partner, record.sender, LOCATE, AgreementKey(f"{record.sender}-{partner}"), carrier, NOW)
        for partner, carrier in zip(to, carriers, strict=True)
    )
    return items, owed


def _entry(record: Record, to: tuple[PartnerKey, ...]):
    actions = {
        RecordState.ROUTED: "record.accepted",
        RecordState.REFUSED: "record.refused",
        RecordState.UNROUTABLE: "record.parked",
        RecordState.WITHHELD: "record.withheld",
    }
    details = {"ordinal": record.ordinal, **({"recipients": " ".join(to)} if to else {})}
    return scribe.entry(ACTOR, actions[record.state], f"record:{record.id}", details=details)


def submission(key: str, *, sender: PartnerKey = OHIO, spooled: bool = False, at: datetime = NOW) -> Submission:
    return Submission(
        id=SubmissionId(mint()),
        sender=sender,
        idempotency_key=key,
        body_digest=hashlib.sha256(key.encode()).hexdigest(),
        body_size=2**33,
        format=FormatName("xml"),
        received_at=at,
        state=SubmissionState.RECEIVED if spooled else SubmissionState.JUDGED,
        receipt=b"received",
        judged_at=None if spooled else at + timedelta(milliseconds=5),
    )


def acceptance(posted: Submission, *judged: Judged, findings: tuple[Finding, ...] = (), write=receipt) -> Acceptance:
    posted = replace(posted, counts=total(judged), progress=len(judged))
    posted = replace(posted, receipt=write(posted, judged, findings))
    action = "submission.judged" if judged else "submission.received"
    details = {"sha256": posted.body_digest, "bytes": posted.body_size}
    entry = scribe.entry(ACTOR, action, f"submission:{posted.id}", details=details)
    return Acceptance(posted, judged, findings, (entry,), write)


def one_record(key: str, **given) -> Acceptance:
    posted = submission(key, sender=given.get("sender", OHIO))
    return acceptance(posted, judged_record(posted.id, **given))


def finding(rule: str, record: int | None = 1, severity: Severity = Severity.WARNING, field: str | None = "Name"):
    return Finding(RuleCode(rule), severity, record=record, field=field, start=3, length=2, note="expected 2 bytes")
