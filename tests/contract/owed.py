"""What the suites of the store put into it: a town of synthetic rows with a clock that only moves when told to."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.core.model import (
    Actor,
    AgreementKey,
    Attempt,
    AuditEntry,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    FormatName,
    Item,
    Kind,
    Outcome,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    Settlement,
    SubmissionId,
)
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import delivery_row, item_row, record_row
from gateway.store.tables import deliveries, items, records

OHIO, INDIANA, TEXAS = PartnerKey("ohio"), PartnerKey("indiana"), PartnerKey("texas")
LOCATE, NEW_HIRE, CASE_TRANSFER = Kind("locate"), Kind("new-hire"), Kind("case-transfer")
AGREEMENT = AgreementKey("states-locate")
MORNING = datetime(2026, 3, 2, 8, 0, 0, 250, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DISPATCHER = Actor("gateway", "dispatcher")

_RECORDS, _ITEMS = Insertion(records), Insertion(items, without=("amendment",))
_DELIVERIES = Insertion(deliveries, without=("lease_owner", "lease_until", "edition"))


class Town:
    """Makes values and stores them; ``now`` is the time of everything made from then on."""

    def __init__(self) -> None:
        self.now = MORNING
        self.mint = minting(self.clock, os.urandom)
        self.scribe = Scribe(self.clock, self.mint, os.urandom)

    def clock(self) -> datetime:
        return self.now

    def wait(self, time: timedelta = MINUTE) -> datetime:
        self.now += time
        return self.now

    def later(self, time: timedelta = MINUTE) -> datetime:
        return self.now + time

    def entry(self, action: str, obj: str, outcome: str = "ok") -> AuditEntry:
        return self.scribe.entry(DISPATCHER, action, obj, outcome, {"attempt": 1})

    def delivery(self, partner: PartnerKey = OHIO, **changes: object) -> Delivery:
        plain = Delivery(
            id=DeliveryId(self.mint()),
            partner=partner,
            sender=INDIANA,
            kind=LOCATE,
            format=FormatName("xml"),
            agreement=AGREEMENT,
            state=DeliveryState.PENDING,
            created_at=self.now,
            due_at=self.now,
            records=1,
            number=1,
        )
        return replace(plain, **changes)  # type: ignore[arg-type] - the tests name fields of Delivery

    def record(self, **changes: object) -> Record:
        id_ = RecordId(self.mint())
        plain = Record(
            id=id_,
            submission=SubmissionId(self.mint()),
            ordinal=1,
            kind=LOCATE,
            sender=INDIANA,
            recipient=OHIO,
            state=RecordState.ROUTED,
            reason=None,
            transaction="LO1 R",
            case_index=None,
            serial=None,
            digest=Digest(hashlib.sha256(id_.encode()).hexdigest()),
            sealed=f"sealed {id_}".encode(),
            received_at=self.now,
        )
        return replace(plain, **changes)  # type: ignore[arg-type] - the tests name fields of Record

    async def owe(
        self, database: Database, count: int = 1, partner: PartnerKey = OHIO, **changes: object
    ) -> list[Delivery]:
        """So many deliveries, each with as many records as it says, all stored."""
        owed = [self.delivery(partner, **changes) for _ in range(count)]
        carried = [(delivery, self.record()) for delivery in owed for _ in range(delivery.records)]
        async with database.write() as connection:
            await _RECORDS.write(connection, [record_row(record) for _, record in carried])
            await _ITEMS.write(connection, [item_row(_item(record, delivery)) for delivery, record in carried])
            await _DELIVERIES.write(connection, [delivery_row(d, announce_at=d.due_at) for d in owed])
        return owed

    async def wait_for_batch(
        self, database: Database, count: int, partner: PartnerKey = OHIO, agreement: AgreementKey = AGREEMENT
    ) -> list[RecordId]:
        """So many records that wait to be gathered."""
        waiting = [self.record() for _ in range(count)]
        rows = [
            item_row(Item(record.id, partner, INDIANA, LOCATE, agreement, None, record.received_at))
            for record in waiting
        ]
        async with database.write() as connection:
            await _RECORDS.write(connection, [record_row(record) for record in waiting])
            await _ITEMS.write(connection, rows)
        return [record.id for record in waiting]

    def attempt(self, delivery: Delivery, outcome: Outcome, code: str | None = None, answer: str = "") -> Attempt:
        return Attempt(delivery.id, delivery.attempts + 1, self.now, self.later(), outcome, code, answer)

    def delivered(self, claimed: Claimed | Delivery, owner: str) -> Settlement:
        delivery = claimed.delivery if isinstance(claimed, Claimed) else claimed
        return Settlement(
            delivery=delivery.id,
            owner=owner,
            state=DeliveryState.DELIVERED,
            due_at=self.now,
            attempt=self.attempt(delivery, Outcome.DELIVERED, answer="200 OK"),
            digest=Digest("d" * 64),
            size=100,
        )


def ids(deliveries: Sequence[Delivery]) -> list[DeliveryId]:
    return [delivery.id for delivery in deliveries]


def _item(record: Record, delivery: Delivery) -> Item:
    return Item(
        record.id,
        delivery.partner,
        delivery.sender,
        delivery.kind,
        delivery.agreement,
        delivery.id,
        delivery.created_at,
    )
