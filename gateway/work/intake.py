"""The intake: a body streams in, is judged at once or spooled, and is committed before anybody says 202."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.core.acceptance import Acceptance, Judged, ReceiptWriter, total
from gateway.core.attestation import lacking
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Forbidden, TooLarge, Unprocessable, Unreadable
from gateway.core.ids import Clock, Mint
from gateway.core.labels import Label
from gateway.core.model import (
    Actor,
    Counts,
    Delivery,
    Finding,
    FormatName,
    Partner,
    RecordId,
    RuleCode,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.crew import Crew, Examination, Examined
from gateway.core.ports.formats import Format, Frame, Heading, Reader
from gateway.core.ports.keys import Sealer
from gateway.core.ports.submissions import Intake as IntakeStore
from gateway.core.ports.submissions import Replayed, Spool
from gateway.core.ports.turns import Turns
from gateway.core.routing import Directory
from gateway.core.succession import Successions
from gateway.core.whole_file import WholeFile
from gateway.work.acknowledging import Acknowledging
from gateway.work.pieces import Pieces
from gateway.work.posted import Head
from gateway.work.prohibiting import Prohibiting
from gateway.work.returns import Returns
from gateway.work.route import Router
from gateway.work.turnstile import Turnstile
from gateway.work.validation import Validation

SLICE = 16
"""Frames examined between two looks at the event loop: about 5 ms, and 40 ms when every one breaks its schema."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    records_at_once: int = 1_000
    """A body of more records is durable first and judged in the background."""
    bytes_at_once: int = 8 * 2**20
    piece: int = 2**20
    """Bytes of one spooled piece."""
    findings_shown: int = 1_000


def _expect_nothing() -> None:
    """For a crew that needs no preparation."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every upload shares."""

    formats: Mapping[FormatName, Format]
    crew: Crew
    router: Router
    store: IntakeStore
    spool: Spool
    audit: AuditLog
    sealer: Sealer
    scribe: Scribe
    clock: Clock
    mint: Mint
    directory: Callable[[], Directory]
    write_receipt: ReceiptWriter
    whole: WholeFile
    announce: Callable[[tuple[Delivery, ...]], None]
    limits: IntakeLimits = IntakeLimits()
    taxing: frozenset[FormatName] = frozenset()
    """Formats that may bring federal tax data."""
    returns: Returns | None = None
    """Tells senders what is wrong with their transactions; None: nobody does."""
    acknowledging: Acknowledging | None = None
    """Acknowledges interchanges to their senders; None: nobody does."""
    prohibiting: Prohibiting | None = None
    """Tells who asked that an answer may not be told; None: nobody does."""
    successions: Successions = field(default_factory=Successions)
    """How files follow each other."""
    turns: Turns | None = None
    """The files that were taken, for bodies of which nothing is kept; None: those are judged alone."""
    expect: Callable[[], None] = _expect_nothing
    """Told when a body turns out to be big, long before it waits to be judged."""
    received: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a spooled body waits to be judged."""
    turnstile: Turnstile = field(default_factory=Turnstile)
    """Before small bodies that came together are judged."""

    def reader(self, sender: Partner, format_: FormatName) -> Reader:
        found = self.formats.get(format_)
        if found is None:
            raise Unprocessable(f"There is no format {format_}.", code="format-unknown")
        if sender.accepts and format_ not in sender.accepts:
            raise Forbidden(f"The partner file does not let this caller post {format_}.", code="format-not-allowed")
        return found.reader()

    def begin(
        self,
        sender: Partner,
        idempotency_key: str,
        format: FormatName,
        entity: str,  # noqa: ARG002 - the request id is for logs of the edge
        attested: str = "",
    ) -> _Upload:
        head = Head(
            id=SubmissionId(self.mint()),
            sender=sender,
            key=idempotency_key,
            format=format,
            received_at=self.clock(),
            attested=attested,
        )
        return _Upload(self, head, self.reader(sender, format))

    def validation(self, sender: Partner, format: FormatName, attested: str = "") -> Validation:
        return Validation(self, sender, format, self.reader(sender, format), lacking(sender, attested))

    async def examine(
        self,
        sender: Partner,
        format_: FormatName,
        heading: Heading,
        frames: list[Frame],
        at: datetime,
        lacks: RuleCode | None,
    ) -> list[Examined]:
        """Examine frames in slices, so that other requests get their turn in between. ``lacks``: the rule by which
        requests to find a person are refused."""
        found: list[Examined] = []
        for start in range(0, len(frames), SLICE):
            part = tuple(frames[start : start + SLICE])
            ids = tuple(RecordId(self.mint()) for _ in part)
            found.extend(await self.crew.examine(Examination(format_, sender, heading, part, ids, at.date(), lacks)))
            if len(frames) > SLICE:
                await asyncio.sleep(0)
        return found


@dataclass(slots=True)
class _Upload:
    desk: Desk
    head: Head
    reader: Reader
    _frames: list[Frame] = field(default_factory=list, repr=False)
    _held: list[bytes] = field(default_factory=list, repr=False)
    """Bytes not spooled yet: the whole body while it is small, later less than one piece."""
    _held_size: int = 0
    _size: int = 0
    _stored: Pieces | None = None
    """None: nothing is spooled."""
    _spooling: bool = False
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    async def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self.head.sender.body_limit:
            await self.abandon()
            raise TooLarge(f"The body is larger than the {self.head.sender.body_limit} bytes agreed.")
        self._hash.update(data)
        self._held.append(data)
        self._held_size += len(data)
        if not self._spooling:
            self._frames.extend(self.reader.feed(data))
            limits = self.desk.limits
            self._spooling = self._size > limits.bytes_at_once or len(self._frames) > limits.records_at_once
            if self._spooling:
                self._frames.clear()
                self.desk.expect()
        if self._spooling:
            await self._spool(self.desk.limits.piece)

    async def _spool(self, least: int) -> None:
        """Seal and store what is held, in pieces, while at least ``least`` bytes are held."""
        if self._held_size < least:
            return
        left = await self._pieces().store(b"".join(self._held), least)
        self._held, self._held_size = [left], len(left)

    def _pieces(self) -> Pieces:
        if self._stored is None:
            desk, head = self.desk, self.head
            label = Label.FEDERAL_TAX if head.format in desk.taxing else Label.RECORDS
            self._stored = Pieces(desk.spool, desk.sealer, head.id, label, desk.limits.piece)
        return self._stored

    async def finish(self) -> Submission | Replayed:
        if self._size == 0:
            raise Unprocessable("The body is empty.", code="empty-body")
        if not self._spooling:
            self._frames.extend(self.reader.finish())
            self._spooling = len(self._frames) > self.desk.limits.records_at_once
        committed = await (self._commit_received() if self._spooling else self._commit_judged())
        if isinstance(committed, Replayed):
            await self.abandon()
            if committed.submission.body_digest != self._hash.hexdigest():
                raise Unprocessable("This idempotency key came before with another body.", code="idempotency-mismatch")
        return committed

    async def _commit_judged(self) -> Submission | Replayed:
        desk, head = self.desk, self.head
        findings = tuple(self.reader.findings)
        if not self._frames:
            await self._turn_away(findings)
            if not findings:
                raise Unprocessable("The body holds no record.", code="empty-body")
            raise Unreadable("No record of the body can be read.", findings)
        if desk.whole.refused_by(findings):
            await self._turn_away(findings)
            raise Unreadable("The file's own controls do not hold: none of its records is taken.", findings)
        await desk.turnstile.go_through()
        heading, frames = self.reader.heading, self._frames
        examined = await desk.examine(head.sender, head.format, heading, frames, head.received_at, head.lacking)
        judged = desk.router.judge(examined, head.origin, desk.directory())
        acceptance = self._acceptance(SubmissionState.JUDGED, judged, findings, "submission.judged")
        if acceptance.submission.counts.accepted and (headers := self.reader.headers):
            turn = desk.successions.turn(head.sender, head.format, headers, head.id)
            acceptance = replace(acceptance, turn=turn)
        try:
            committed = await desk.store.accept(acceptance)
        except Unreadable as late:
            await self._turn_away(tuple(one for one in late.findings if isinstance(one, Finding)))
            raise
        if isinstance(committed, Submission):
            desk.announce(tuple(d for j in judged for d in j.deliveries))
            if desk.prohibiting is not None and committed.counts.withheld:
                await desk.prohibiting.tell(judged)
        await self._return_errors(committed, judged)
        stored = committed.submission if isinstance(committed, Replayed) else committed
        if stored.body_digest == self._hash.hexdigest():
            await self._acknowledge(stored.id, (*findings, *(found for one in judged for found in one.findings)))
        return committed

    async def _acknowledge(self, of: str, findings: Sequence[Finding]) -> None:
        """Before the answer leaves, as error returns."""
        told, head = self.desk.acknowledging, self.head
        if told is not None and told.wanted(head.sender.key, head.format, self.desk.directory()):
            await told.tell(head.sender, of, head.format, b"".join(self._held), findings)

    async def _return_errors(self, committed: Submission | Replayed, judged: tuple[Judged, ...]) -> None:
        """Before the answer leaves: a sender that gets none repeats, and a repeat makes the same returns."""
        returns, head = self.desk.returns, self.head
        stored = committed.submission if isinstance(committed, Replayed) else committed
        if returns is None or not stored.counts.refused or stored.body_digest != self._hash.hexdigest():
            return
        if returns.wanted(head.sender.key, head.format, self.desk.directory()):
            await returns.tell(head.sender, stored, self._frames, judged)

    async def _turn_away(self, findings: tuple[Finding, ...]) -> None:
        rule = findings[0].rule if findings else "no-records"
        actor = Actor("partner", self.head.sender.key)
        details: dict[str, str | int] = {"sha256": self._hash.hexdigest(), "bytes": self._size}
        entry = self.desk.scribe.entry(actor, "submission.refused", f"submission:{self.head.id}", rule, details)
        await self.desk.audit.write([entry])
        await self._acknowledge(self._hash.hexdigest(), findings)

    async def _commit_received(self) -> Submission | Replayed:
        await self._spool(1)
        acceptance = self._acceptance(SubmissionState.RECEIVED, (), (), "submission.received")
        committed = await self.desk.store.accept(acceptance)
        self.desk.received.set()
        return committed

    def _acceptance(
        self, state: SubmissionState, judged: tuple[Judged, ...], findings: tuple[Finding, ...], action: str
    ) -> Acceptance:
        head = self.head
        counts: Counts = total(judged)
        at_once = state is SubmissionState.JUDGED
        told = (state, self._hash.hexdigest(), self._size, counts)
        receipt = self.desk.write_receipt(head.submission(*told), judged, findings)
        submission = head.submission(*told, receipt)
        details: dict[str, str | int] = {"sha256": submission.body_digest, "bytes": self._size}
        if at_once:
            details |= {"records": counts.records, "refused": counts.refused}
        entry = self.desk.scribe.entry(
            Actor("partner", head.sender.key), action, f"submission:{head.id}", "ok", details
        )
        return Acceptance(submission, judged, findings, (entry,), self.desk.write_receipt)

    async def abandon(self) -> None:
        self._frames.clear()
        self._held.clear()
        if self._stored is not None:
            await self._stored.discard()
