"""An installation whose clock moves when told to, filled with sealed records that were delivered: for retention."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.acceptance import Acceptance, Judged, total
from gateway.core.labels import Label, record_context
from gateway.core.model import (
    Actor,
    AgreementKey,
    Attempt,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    FormatName,
    Item,
    Kind,
    Outcome,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    Settlement,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.foundation import Foundation, foundation
from gateway.settings import Settings
from gateway.work.integrator import Integrator
from keys.files import FileKeys

OHIO, IOWA, TANF = PartnerKey("ohio"), PartnerKey("iowa"), PartnerKey("tanf")
WAGE, LOCATE, TRANSFER = Kind("wage"), Kind("locate"), Kind("case-transfer")
LOCATE_ANSWER = Kind("locate-answer")
OPERATOR = Actor("operator", "pat")
BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Archive:
    """``now`` is the time of all that happens next."""

    base: Foundation
    home: Path
    now: datetime = BEGIN
    stored: list[Record] = field(default_factory=list)

    async def fill(self, count: int, kind: Kind = WAGE, *, each: int = 25, **given: object) -> list[Record]:
        """Accept and deliver so many records, ``each`` a submission."""
        made: list[Record] = []
        for start in range(0, count, each):
            made += await self.accept(kind, min(each, count - start), **given)
        await self.deliver()
        await self.integrate()
        return made

    async def accept(
        self,
        kind: Kind = WAGE,
        count: int = 1,
        *,
        to: Sequence[PartnerKey] = (IOWA,),
        case: bytes | None = None,
        transaction: str | None = None,
        bearing: str = "",
    ) -> list[Record]:
        """One submission, committed and not delivered yet. Every record is of a case of its own unless one is given."""
        base, id_ = self.base, SubmissionId(self.base.mint())
        judged = tuple(self._judged(id_, n, kind, to, case, transaction, bearing) for n in range(1, count + 1))
        posted = Submission(
            id=id_,
            sender=OHIO,
            idempotency_key=f"key-{secrets.token_hex(8)}",
            body_digest=hashlib.sha256(id_.encode()).hexdigest(),
            body_size=count * 100,
            format=FormatName("json"),
            received_at=self.now,
            state=SubmissionState.JUDGED,
            receipt=f"receipt of {id_}".encode(),
            judged_at=self.now,
            counts=total(judged),
            progress=count,
        )
        details = {"sha256": posted.body_digest, "bytes": posted.body_size}
        entry = base.scribe.entry(Actor("partner", OHIO), "submission.judged", f"submission:{id_}", details=details)
        await base.stores.intake.accept(
            Acceptance(posted, judged, (), (entry,), lambda submission, *_: submission.receipt)
        )
        self.stored += [one.record for one in judged]
        return [one.record for one in judged]

    def _judged(
        self,
        submission: SubmissionId,
        ordinal: int,
        kind: Kind,
        to: Sequence[PartnerKey],
        case: bytes | None,
        transaction: str | None,
        bearing: str,
    ) -> Judged:
        base, id_ = self.base, RecordId(self.base.mint())
        document = f"<Record><PersonSSN>900{secrets.randbelow(10**6):06}</PersonSSN>{secrets.token_hex(40)}</Record>"
        record = Record(
            id=id_,
            submission=submission,
            ordinal=ordinal,
            kind=kind,
            sender=OHIO,
            recipient=to[0] if to else None,
            state=RecordState.ROUTED if to else RecordState.UNROUTABLE,
            reason=None,
            transaction=transaction,
            case_index=case or secrets.token_bytes(16),
            serial=secrets.token_hex(6),
            digest=hashlib.sha256(document.encode()).hexdigest(),
            sealed=base.sealer.seal(Label.RECORDS, record_context(id_), document.encode()),
            received_at=self.now,
            bearing=bearing or None,
            persons=secrets.token_bytes(16),
        )
        owed = tuple(self._owed(record, partner, case is None) for partner in to)
        items = tuple(Item(id_, one.partner, OHIO, kind, AgreementKey("all"), one.id, self.now) for one in owed)
        details = {"ordinal": ordinal, "sha256": record.digest or ""}
        entry = base.scribe.entry(Actor("partner", OHIO), "record.accepted", f"record:{id_}", details=details)
        return Judged(record, (), items, owed, entry)

    def _owed(self, record: Record, partner: PartnerKey, laned: bool) -> Delivery:  # noqa: FBT001 - one of two kinds
        return Delivery(
            id=DeliveryId(self.base.mint()),
            partner=partner,
            sender=OHIO,
            kind=record.kind or WAGE,
            format=FormatName("json"),
            agreement=AgreementKey("all"),
            state=DeliveryState.PENDING,
            created_at=self.now,
            due_at=self.now,
            records=1,
            lane=record.case_index if laned else None,
        )

    async def claim(self) -> tuple[Claimed, ...]:
        """Everything that is due, in the hands of a dispatcher."""
        store, later = self.base.stores.deliveries, self.now + timedelta(minutes=5)
        claimed: list[Claimed] = []
        while due := await store.due(self.now + timedelta(seconds=60), later, 500):
            claimed += await store.claim([id_ for _, id_ in due], "test", self.now, later)
        return tuple(claimed)

    async def deliver(self, state: DeliveryState = DeliveryState.DELIVERED) -> None:
        claimed = await self.claim()
        outcome = Outcome.DELIVERED if state is DeliveryState.DELIVERED else Outcome.WAITING
        settlements = [
            Settlement(
                delivery=one.delivery.id,
                owner="test",
                state=state,
                due_at=self.now,
                attempt=Attempt(one.delivery.id, 1, self.now, self.now, outcome, answer="they said thanks"),
                digest=hashlib.sha256(one.delivery.id.encode()).hexdigest(),
                size=10,
            )
            for one in claimed
        ]
        entries = [
            self.base.scribe.entry(
                Actor("gateway", "dispatcher"),
                "delivery.delivered",
                f"delivery:{one.delivery}",
                "ok",
                {"sha256": one.digest},
            )
            for one in settlements
        ]
        await self.base.stores.deliveries.settle(settlements, entries)

    async def integrate(self) -> None:
        book = self.base.logbook
        integrator = Integrator(
            self.base.stores.audit, book.grow, book.restore, self.base.clock, lambda _: None, book.remember
        )
        while await integrator.step():
            pass

    def files(self) -> Mapping[str, bytes]:
        """What lies in the database's files at this moment (SQLite)."""
        return {path.name: path.read_bytes() for path in sorted(self.home.glob("gateway.db*"))}


@asynccontextmanager
async def archive(home: Path, database_url: str, **sections: object) -> AsyncIterator[Archive]:
    """On a migrated, empty database."""
    moving = {"now": BEGIN}
    keys = home / "keys"
    if not keys.exists():
        await asyncio.to_thread(FileKeys.create, keys, lambda: moving["now"], secrets.token_bytes)
    settings = Settings.model_validate(
        {"db": {"url": database_url}, "keys": {"directory": keys}, "secrets": home / "secrets", **sections}
    )
    async with foundation(settings, clock=lambda: opened.now) as base:
        opened = Archive(base, home)
        yield opened
