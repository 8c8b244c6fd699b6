"""The API on a real store, real keys and a real socket, with a small embedded intake that needs no format."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import aiohttp
from aiohttp import web

from gateway.attesting import attestation_of
from gateway.core.acceptance import Acceptance, Judged, total
from gateway.core.audit_entry import Scribe
from gateway.core.errors import TooLarge, Unprocessable
from gateway.core.ids import minting
from gateway.core.model import (
    Actor,
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Attempt,
    Counts,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    Endpoint,
    Fault,
    Finding,
    FormatName,
    Item,
    Kind,
    Outcome,
    Page,
    Partner,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    Role,
    RuleCode,
    Settlement,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.amendments import AmendmentDesk
from gateway.core.ports.callers import Proofs
from gateway.core.ports.formats import FormatInfo
from gateway.core.ports.intake import Verdict
from gateway.core.ports.submissions import RuleCount
from gateway.core.receipt import Receipts
from gateway.core.routing import Directory
from gateway.core.why import why_delivery, why_record
from gateway.heads import Heads
from gateway.published import Publisher
from gateway.settings import AttestationSettings
from gateway.store.amendments import StoredAmendments
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.store.callers import StoredApiKeys
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.devices import StoredDevices
from gateway.store.engine import Database, open_database
from gateway.store.factors import StoredFactors
from gateway.store.glass import StoredGlass
from gateway.store.health import StoredHealth
from gateway.store.held_bodies import StoredHeldBodies
from gateway.store.intake import StoredIntake
from gateway.store.jobs import StoredJobs
from gateway.store.login_failures import StoredLoginFailures
from gateway.store.mailbox import StoredMailbox
from gateway.store.nonces import StoredNonces
from gateway.store.operators import StoredOperators
from gateway.store.overrides import StoredOverrides
from gateway.store.partners import StoredPartners
from gateway.store.protection import StoredNotices
from gateway.store.readings import StoredReadings
from gateway.store.receipts import StoredReceipts
from gateway.store.records import StoredRecords
from gateway.store.submissions import StoredSubmissions
from gateway.store.wire_keys import StoredWireKeys
from gateway.web.api.application import api_application
from gateway.web.auth import OPERATOR_SCOPES, PARTNER_SCOPES, Owner, Scope, new_api_key
from gateway.web.edge import runner
from gateway.web.limits import Limits
from gateway.web.parts import LogFiles, Parts, RuleText
from gateway.work.court_desk import OrderDesk
from gateway.work.court_orders import Asked
from gateway.work.directory import DirectoryWatch
from gateway.work.glass_watch import GlassWatch
from gateway.work.messages import MessageDesk, PartnerKeyDesk
from gateway.work.protection import RegisterWatch
from gateway.work.receipts import ReceiptOffice
from gateway.work.wire_book import WireBook
from gateway.work.wire_desk import WireDesk
from keys.credentials import PresentedCredentials
from keys.files import FileKeys
from keys.wire.protection import WireProtection
from tests.contract.query_stack import Present, desk
from tests.contract.retention_desk import desk_over
from tests.unit.guarding import POLICY

OHIO, IOWA, TANF = PartnerKey("ohio"), PartnerKey("iowa"), PartnerKey("tanf")
LOCATE = Kind("locate")
XML, CSV_A, CSV_B, OUT = FormatName("xml"), FormatName("csv-a"), FormatName("csv-b"), FormatName("out")
BODY_LIMIT = 512 * 1024
FORMATS = {
    XML: FormatInfo(XML, "Lines", (LOCATE,), "application/xml", ".xml", reads=True, writes=True, confidence="test"),
    CSV_A: FormatInfo(CSV_A, "A", (LOCATE,), "text/csv", ".csv", reads=True, writes=False, confidence="test"),
    CSV_B: FormatInfo(CSV_B, "B", (LOCATE,), "text/csv", ".csv", reads=True, writes=False, confidence="test"),
    OUT: FormatInfo(OUT, "Out", (LOCATE,), "text/x-out", ".out", reads=False, writes=True, confidence="test"),
}
BAD = RuleCode("T-BAD")
WRITE_RECEIPT = Receipts(lambda _rule: ("The line is bad", "Write a good line.", "the test"))
RULES = {BAD: RuleText(BAD, "The line is bad", "Write a good line.", Severity.ERROR, source="the test")}


@dataclass(slots=True)
class Watch:
    """A clock that moves only when told to."""

    now: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def partner(key: PartnerKey, *, accepts: frozenset[FormatName] = frozenset()) -> Partner:
    return Partner(
        key,
        key.capitalize(),
        Role.STATE,
        "IV-D",
        frozenset({{"ohio": "39", "iowa": "19", "tanf": "TANF1"}[key]}),
        Endpoint(AdapterName.MAILBOX),
        accepts=accepts,
        body_limit=BODY_LIMIT,
    )


AGREEMENT = Agreement(
    AgreementKey("states"),
    AgreementMode.DIRECT,
    frozenset({OHIO, IOWA}),
    IOWA,
    frozenset({LOCATE}),
    "45 CFR 303.7",
    date(2020, 1, 1),
)


@dataclass(frozen=True, slots=True)
class LineDesk:
    """An embedded intake: each line is a record; a line that starts with ``!`` is faulty, ``...`` makes a body of which
    nothing is judged yet. Good records go to Iowa and, as a copy, to nobody."""

    intake: StoredIntake
    clock: Callable[[], datetime]
    mint: Callable[[], str]
    scribe: Scribe
    attested: list[str] = field(default_factory=list)
    """What the attestations of all bodies so far were worth."""

    def begin(
        self, sender: Partner, idempotency_key: str, format: FormatName, entity: str, attested: str = ""
    ) -> _Upload:
        assert entity
        self.attested.append(attested)
        return _Upload(self, sender, idempotency_key, format)

    def validation(self, sender: Partner, format: FormatName, attested: str = "") -> _Validation:
        self.attested.append(attested)
        return _Validation(self, sender, format)

    def judge(self, sender: Partner, submission: SubmissionId, body: bytes) -> tuple[Judged, ...]:
        lines = body.splitlines()
        return tuple(self._judge(sender, submission, number, line) for number, line in enumerate(lines, 1))

    def _judge(self, sender: Partner, submission: SubmissionId, ordinal: int, line: bytes) -> Judged:
        good = not line.startswith(b"!")
        record = Record(
            RecordId(self.mint()),
            submission,
            ordinal,
            LOCATE,
            sender.key,
            IOWA if good else None,
            RecordState.ROUTED if good else RecordState.REFUSED,
            None if good else BAD,
            "LO1 R",
            None,
            None,
            Digest(hashlib.sha256(line).hexdigest()) if good else None,
            b"sealed" if good else None,
            received_at=self.clock(),
        )
        deliveries = (self.owed(record),) if good else ()
        items = tuple(Item(record.id, IOWA, sender.key, LOCATE, AGREEMENT.key, d.id, self.clock()) for d in deliveries)
        findings = () if good else (Finding(BAD, Severity.ERROR, record=ordinal, start=1, length=1, line=ordinal),)
        action = "record.accepted" if good else "record.refused"
        entry = self.scribe.entry(Actor("partner", sender.key), action, f"record:{record.id}")
        return Judged(record, findings, items, deliveries, entry)

    def owed(self, record: Record) -> Delivery:
        now = self.clock()
        return Delivery(
            DeliveryId(self.mint()),
            IOWA,
            record.sender,
            LOCATE,
            XML,
            AGREEMENT.key,
            DeliveryState.PENDING,
            now,
            now,
            1,
        )


@dataclass(slots=True)
class _Upload:
    desk: LineDesk
    sender: Partner
    key: str
    format: FormatName
    body: bytearray = field(default_factory=bytearray)

    async def feed(self, data: bytes) -> None:
        self.body += data
        if len(self.body) > self.sender.body_limit:
            raise TooLarge

    async def abandon(self) -> None:
        self.body.clear()

    async def finish(self):
        if not self.body:
            raise Unprocessable("The body is empty.", code="empty-body")
        digest = Digest(hashlib.sha256(self.body).hexdigest())
        now, pending = self.desk.clock(), self.body == b"..."
        submission = Submission(
            SubmissionId(self.desk.mint()),
            self.sender.key,
            self.key,
            digest,
            len(self.body),
            self.format,
            now,
            SubmissionState.RECEIVED if pending else SubmissionState.JUDGED,
            b"",
        )
        judged = () if pending else self.desk.judge(self.sender, submission.id, bytes(self.body))
        counts = total(judged)
        submission = replace(submission, counts=counts, progress=counts.records)
        submission = replace(submission, receipt=WRITE_RECEIPT(submission, judged, ()))
        entry = self.desk.scribe.entry(
            Actor("partner", self.sender.key),
            "submission.received" if pending else "submission.judged",
            f"submission:{submission.id}",
            details={"sha256": digest, "bytes": len(self.body)},
        )
        taken = await self.desk.intake.accept(Acceptance(submission, judged, (), (entry,), WRITE_RECEIPT))
        stored = taken if isinstance(taken, Submission) else taken.submission
        if stored.body_digest != digest:
            raise Unprocessable("Other bytes.", code="idempotency-mismatch")
        return taken


@dataclass(slots=True)
class _Validation:
    desk: LineDesk
    sender: Partner
    format: FormatName
    body: bytearray = field(default_factory=bytearray)

    async def feed(self, data: bytes) -> None:
        self.body += data

    async def finish(self) -> Verdict:
        judged = self.desk.judge(self.sender, SubmissionId(self.desk.mint()), bytes(self.body))
        findings = tuple(finding for one in judged for finding in one.findings)
        rules = (RuleCount(BAD, Severity.ERROR, None, len(findings), findings[:5]),) if findings else ()
        counts = Counts()
        for one in judged:
            counts += one.counts
        return Verdict(self.format, counts, rules, findings)


@dataclass(frozen=True, slots=True)
class Stack:
    """A running API: ``call`` makes requests as somebody."""

    parts: Parts
    database: Database
    watch: Watch
    session: aiohttp.ClientSession
    address: str
    tokens: dict[str, str]
    deliveries: StoredDeliveries
    keys: FileKeys

    def headers(self, caller: str | None, **more: str) -> dict[str, str]:
        own = {} if caller is None else {"Authorization": f"Bearer {self.tokens[caller]}"}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    async def call(self, caller, method, path, *, json=None, data=None, **headers):
        async with self.session.request(
            method, self.address + path, headers=self.headers(caller, **headers), json=json, data=data
        ) as response:
            body = await response.read()
            return Answer(response.status, response.headers, body)

    async def post(self, body: bytes, key: str = "k-1", caller: str = "ohio", path: str = "/v1/submissions", **headers):
        headers = {"Content_Type": "application/xml"} | headers
        return await self.call(caller, "POST", path, data=body, Idempotency_Key=key, **headers)

    async def new_key(self, name: str, owner: Owner) -> str:
        fresh = new_api_key(owner, self.watch, os.urandom, self.parts.hasher)
        entry = self.parts.scribe.entry(Actor("operator", "setup"), "apikey.added", f"apikey:{fresh.stored.id}")
        await self.parts.callers.add(fresh.stored, entry)
        self.tokens[name] = fresh.token
        return fresh.stored.id

    async def owe(self) -> DeliveryId:
        """A delivery of Ohio to Iowa, pending."""
        submission = (await self.post(b"one\n", key=self.parts.mint())).json["submission"]
        listing = await self.parts.submissions.records(submission, None, Page())
        (delivery,) = await self.parts.records.deliveries(listing.rows[0].id)
        return delivery.id

    async def settle(
        self, delivery: DeliveryId, state: DeliveryState, outcome: Outcome, body: bytes = b"", cause: str | None = None
    ) -> None:
        """Let a dispatcher claim the delivery and end like this."""
        now = self.watch()
        (claimed,) = await self.deliveries.claim([delivery], "test", now, now + timedelta(minutes=1))
        number = claimed.delivery.attempts + 1
        attempt = Attempt(delivery, number, now, now, outcome, cause, "250 their words")
        digest = Digest(hashlib.sha256(body).hexdigest())
        if state is DeliveryState.WAITING:
            sealed = self.parts.sealer.seal("records", f"mailbox.sealed:{delivery}", body)
            name = f"locate-{delivery}.xml"
            await self.parts.mailbox.place(delivery, IOWA, name, "application/xml", digest, len(body), sealed, now)
        fault = Fault.PARTNER if state is DeliveryState.DEAD else None
        settlement = Settlement(delivery, "test", state, now, attempt, digest, len(body), cause, fault)
        assert await self.deliveries.settle([settlement], []) == (delivery,)

    async def parcel(self, body: bytes = b"<Locate/>") -> DeliveryId:
        """A parcel in Iowa's mailbox."""
        delivery = await self.owe()
        await self.settle(delivery, DeliveryState.WAITING, Outcome.WAITING, body)
        return delivery

    async def dead(self, cause: str = "http-400") -> DeliveryId:
        """A dead letter to Iowa."""
        delivery = await self.owe()
        await self.settle(delivery, DeliveryState.DEAD, Outcome.PERMANENT, cause=cause)
        return delivery

    async def entries(self, action: str) -> list:
        return [entry for entry in await self.parts.audit.unsequenced(10_000) if entry.action == action]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: object
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


async def all_is_well() -> None:
    """A readiness check."""


class Cleared:
    """The guard's desk where records hold nothing: everything may be fetched."""

    async def kept_back(self, _delivery, _reader):
        return None

    async def lift(self, _record, _placed_by, _reason):
        return 0

    def of_record(self, record):
        return why_record(record, POLICY)

    def of_delivery(self, delivery):
        return why_delivery(delivery, POLICY)


async def no_proof(_record: RecordId, _opened: object) -> str | None:
    return None


def followed(partners: StoredPartners) -> Callable[[], Awaitable[Directory]]:
    """The picture in memory, as a serving process has it; compared before each request, so that no test has to wait."""
    picture = DirectoryWatch(partners)

    async def now() -> Directory:
        await picture.refresh()
        return picture.current()

    return now


def build_parts(database: Database, keys: FileKeys, watch: Watch) -> Parts:
    mint = minting(watch, os.urandom)
    scribe = Scribe(watch, mint, os.urandom)
    partners = StoredPartners(database, watch)
    published = Publisher(StoredAuditLog(database), Heads(StoredAuditLog(database)))
    wire = WireDesk(
        StoredWireKeys(database), WireProtection(), keys.sealer(), scribe, watch, os.urandom, "gateway.example/audit"
    )
    book = WireBook(wire.keys, wire.sealer)
    protection = RegisterWatch(StoredNotices(database), StoredOverrides(database))
    return Parts(
        clock=watch,
        mint=mint,
        random=os.urandom,
        scribe=scribe,
        queries=desk(
            watch,
            StoredAuditLog(database),
            protection,
            keys.indexer(),
            Present(),
        ),
        intake=LineDesk(StoredIntake(database, timedelta()), watch, mint, scribe),
        submissions=StoredSubmissions(database),
        held_bodies=StoredHeldBodies(database),
        receipts=ReceiptOffice(
            StoredReceipts(database),
            keys.receipt_signer(),
            StoredAuditLog(database),
            lambda: Directory([partner(IOWA)], []),
            scribe,
            watch,
            "log.example/audit",
            lambda _kind: None,
        ),
        records=StoredRecords(database, timedelta()),
        desk=StoredDesk(database),
        mailbox=StoredMailbox(database),
        jobs=StoredJobs(database),
        partners=partners,
        directory=followed(partners),
        callers=StoredApiKeys(database, watch),
        proofs=Proofs(keys.access_tokens(), PresentedCredentials(), StoredNonces(database, watch)),
        operators=StoredOperators(database),
        factors=StoredFactors(database),
        devices=StoredDevices(database),
        login_failures=StoredLoginFailures(database),
        readings=StoredReadings(database),
        approvals=StoredApprovals(database),
        glass=GlassWatch(StoredGlass(database), scribe, watch, mint, timedelta(minutes=15), review_days=2),
        amendments=AmendmentDesk(StoredAmendments(database, watch), SimpleNamespace()),  # nothing is mended here
        health=StoredHealth(database),
        audit=StoredAuditLog(database),
        retention=desk_over(database, scribe, watch, mint),
        sealer=keys.sealer(),
        indexer=keys.indexer(),
        hasher=keys.hasher(),
        canonical=None,  # the API never opens a record
        formats=FORMATS,
        kinds={LOCATE: "Locate"},
        rules=RULES,
        messages=MessageDesk(wire.wire, book, wire, StoredAuditLog(database), scribe, watch, lambda *_: None),
        partner_keys=PartnerKeyDesk(wire, book),
        gateway_name=wire.name,
        proof=no_proof,
        log=LogFiles(published.checkpoint, published.file),
        checks={"store": all_is_well},
        version="1.2.3",
        attestation=attestation_of(AttestationSettings()),
        disclosures=Cleared(),
        court=OrderDesk(
            StoredOverrides(database),
            Asked(StoredRecords(database, timedelta()), None),  # the API enters no orders
            StoredAuditLog(database),
            protection,
            scribe,
            watch,
            mint,
            "1",
        ),
    )


Change = Callable[[Parts], Parts]


@asynccontextmanager
async def running(
    url: str, folder: Path, limits: Limits | None = None, change: Change = lambda parts: parts
) -> AsyncIterator[Stack]:
    """A whole API on a free loopback port. ``change`` puts other parts in."""
    limits = limits or Limits()
    watch, database = Watch(), open_database(url)
    keys = FileKeys.create(folder / "keys", watch, os.urandom)
    parts = build_parts(database, keys, watch)
    entry = parts.scribe.entry(Actor("operator", "setup"), "partner.applied", "partner:all")
    members = [partner(OHIO, accepts=frozenset({XML, CSV_A})), partner(IOWA), partner(TANF)]
    await parts.partners.apply(members, [AGREEMENT], [entry])
    parts = change(parts)
    served = runner(api_application(parts, limits), limits, shutdown_seconds=1)
    await served.setup()
    try:
        await web.TCPSite(served, "127.0.0.1", 0).start()
        host, port = served.addresses[0][:2]
        async with aiohttp.ClientSession() as session:
            stack = Stack(
                parts, database, watch, session, f"http://{host}:{port}", {}, StoredDeliveries(database), keys
            )
            for key in (OHIO, IOWA, TANF):
                await stack.new_key(key, Owner(PARTNER_SCOPES, partner=key))
            await stack.new_key("pat", Owner(OPERATOR_SCOPES, operator="pat"))
            await stack.new_key("reader", Owner(frozenset({Scope.READ}), partner=OHIO))
            yield stack
    finally:
        await served.cleanup()
        await database.dispose()
