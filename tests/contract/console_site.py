"""A console over a real SQLite store with a synthetic town of traffic, for the console's suites."""

from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from aiohttp import ClientSession, CookieJar, web
from argon2 import PasswordHasher

from gateway.core.attestation import Attestation
from gateway.core.audit_entry import Scribe
from gateway.core.bridge import Bridging
from gateway.core.errors import Unavailable
from gateway.core.ids import minting
from gateway.core.model import (
    Actor,
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Attempt,
    Batching,
    BatchMode,
    Contact,
    DeliveryState,
    Endpoint,
    Fault,
    FormatName,
    Kind,
    Outcome,
    Partner,
    PartnerKey,
    Principal,
    RecordState,
    RetrySchedule,
    Role,
    Severity,
)
from gateway.core.policies import Policies
from gateway.core.ports.accounts import ApiKey, Operator
from gateway.core.ports.amendments import AmendmentDesk
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.ports.formats import FormatInfo
from gateway.core.ports.health import BreakerRow, Sample
from gateway.core.protection import Algorithm, Material, Stage, Use, WireKey
from gateway.core.receipt import Receipts
from gateway.core.roles import Role as OperatorRole
from gateway.core.routing import Directory
from gateway.core.why import why_delivery, why_record
from gateway.store.amendments import StoredAmendments
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.store.callers import StoredApiKeys
from gateway.store.danger_changes import StoredDangerChanges
from gateway.store.desk import StoredDesk
from gateway.store.devices import StoredDevices
from gateway.store.engine import open_database
from gateway.store.factors import StoredFactors
from gateway.store.glass import StoredGlass
from gateway.store.health import StoredHealth
from gateway.store.held_bodies import StoredHeldBodies
from gateway.store.incident_register import StoredIncidentRegister
from gateway.store.insertion import Insertion
from gateway.store.intake import StoredIntake
from gateway.store.jobs import StoredJobs
from gateway.store.login_failures import StoredLoginFailures
from gateway.store.mailbox import StoredMailbox
from gateway.store.operators import StoredOperators
from gateway.store.overrides import StoredOverrides
from gateway.store.partners import StoredPartners
from gateway.store.protection import StoredNotices
from gateway.store.readings import StoredReadings
from gateway.store.receipts import StoredReceipts
from gateway.store.records import StoredRecords
from gateway.store.rows import attempt_row
from gateway.store.submissions import StoredSubmissions
from gateway.store.tables import attempts
from gateway.store.turns import StoredTurns
from gateway.web.console.application import console_application
from gateway.web.console.devices import Asking
from gateway.web.console.settings import ConsoleSettings
from gateway.web.parts import Parts, RuleText
from gateway.work.answers import Questions
from gateway.work.court_desk import OrderDesk
from gateway.work.court_orders import Asked
from gateway.work.danger_watch import DangerWatch
from gateway.work.glass_watch import GlassWatch
from gateway.work.incident_watch import IncidentWatch
from gateway.work.protection import RegisterWatch
from gateway.work.receipts import ReceiptOffice
from keys.receipts import JoseReceiptSigner
from keys.ring import KEY_BYTES, KeyRing
from keys.sealing import EnvelopeSealer
from keys.states import KeyUse
from tests.contract.api_stack import followed
from tests.contract.owed import Town
from tests.contract.retention_desk import SCHEDULE, desk_over
from tests.contract.store_samples import acceptance, finding, judged_record, submission
from tests.unit.guarding import POLICY

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)  # weak on purpose: the suites log in often
LOCATE, TRANSFER, HIRE = Kind("locate"), Kind("case-transfer"), Kind("new-hire")
OHIO, IOWA, TEXAS, TANF = (PartnerKey(key) for key in ("ohio", "iowa", "texas", "tanf"))
RULE = "CSE-DATE-INVALID"


SEALER = EnvelopeSealer(
    KeyRing()
    .with_new(KeyUse.KEK, "records", os.urandom(KEY_BYTES), datetime(2026, 3, 1, tzinfo=UTC))
    .with_new(KeyUse.KEK, "federal-tax", os.urandom(KEY_BYTES), datetime(2026, 3, 1, tzinfo=UTC)),
    os.urandom,
)


class Words:
    """What the guard's desk says of a state and a reason."""

    def of_record(self, record):
        return why_record(record, POLICY)

    def of_delivery(self, delivery):
        return why_delivery(delivery, POLICY)


class StillClock:
    """A clock that only moves when told to."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **span):
        self.now += timedelta(**span)


class SteppedClock:
    """The real time, plus what a test adds."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class HashIndexer:
    """The embedded indexer of these suites: a digest, since no key is needed to find what was filed under it."""

    def index(self, domain, value):
        return hashlib.sha256(f"{domain}\n{value}".encode()).digest()[:16]

    def tokens(self, domain, value):
        return (self.index(domain, value),)


def asking_nobody(database, canonical):
    """Opens records for orders of courts; no kind of these suites answers another."""
    return Questions(StoredRecords(database), SEALER, canonical, HashIndexer(), lambda: None, {}, Bridging())


def partner(key, name, role=Role.STATE, **changes):
    plain = Partner(
        key=PartnerKey(key),
        name=name,
        role=role,
        program="IV-D",
        locators=frozenset(),
        endpoint=Endpoint(AdapterName.HTTPS, {"url": "https://partner.invalid/in"}),
        formats={LOCATE: FormatName("xml"), TRANSFER: FormatName("csenet")},
        retry=RetrySchedule((timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))),
    )
    return replace(plain, **changes)


RING = KeyRing().with_new(KeyUse.RECEIPT_SIGNING, "receipts", bytes(32), datetime(2026, 3, 1, tzinfo=UTC))
PARTNERS = (
    partner("ohio", "Ohio Office of Child Support", locators=frozenset({"39"})),
    partner("iowa", "Iowa Child Support Services", locators=frozenset({"19"})),
    partner(
        "texas",
        "Texas Child Support Division",
        locators=frozenset({"48"}),
        locate_attested_until=date(2020, 12, 31),
        attests_each_locate=True,
        contacts=(Contact("Night desk", "desk@partner.invalid"),),
        batching={LOCATE: Batching(BatchMode.COUNT, 50)},
    ),
    partner("tanf", "TANF Agency", Role.AGENCY, program="IV-A", endpoint=Endpoint(AdapterName.MAILBOX, country="GU")),
)
AGREEMENTS = (
    Agreement(
        AgreementKey("states-locate"),
        AgreementMode.DIRECT,
        frozenset({OHIO, IOWA, TEXAS}),
        IOWA,
        frozenset({LOCATE}),
        "45 CFR 303.7",
        date(2020, 1, 1),
    ),
)


@dataclass
class Site:
    """A running console. ``url`` has no slash at its end."""

    parts: Parts
    settings: ConsoleSettings
    clock: SteppedClock
    database: object
    application: web.Application
    url: str = ""
    ids: dict = field(default_factory=dict)

    async def operator(self, name, role="viewer", **changes):
        if role == OperatorRole.PARTNER_ADMIN:
            changes = {"partner": OHIO, **changes}
        entry = self.parts.scribe.entry(Actor("operator", "setup"), "operator.added", f"operator:{name}")
        await self.parts.operators.add(Operator(name, role, HASH, **changes), entry)

    @asynccontextmanager
    async def browser(self, role=None):
        """An HTTP client with cookies, logged in with the role."""
        async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)) as client:
            if role:
                await self.operator(role, role)
                answer = await log_in(client, role)
                assert answer.status == 303, await answer.text()
            yield client


async def log_in(client, name, password=PASSWORD, **extra):
    token = between(await (await client.get("/login")).text(), 'name="csrf" value="', '"')
    form = {"name": name, "password": password, "csrf": token, **extra}
    return await client.post("/login", data=form, allow_redirects=False)


async def token(client, page="/system"):
    return between(await (await client.get(page)).text(), 'name="csrf" value="', '"')


def between(text, start, end):
    return text.split(start, 1)[1].split(end, 1)[0]


class Registered:
    """The register of wire keys: Texas has one, which waits for its proof."""

    def __init__(self, clock):
        self.clock = clock

    async def list(self, owner):
        now = self.clock()
        material = Material("c" * 64, Algorithm.P256, b"", None, now + timedelta(days=20))
        return [WireKey(owner, Use.ENCRYPT, material, Stage.PENDING, now)] if owner == "texas" else []


def parts_of(database, clock, canonical=None):
    mint = minting(clock, os.urandom)
    partners = StoredPartners(database, clock)

    async def proof(record, _opened):
        return f"a proof of {record}\n"

    async def well():
        return None

    async def ill():
        raise Unavailable("The broker is not connected.")

    return Parts(
        clock=clock,
        mint=mint,
        random=os.urandom,
        scribe=Scribe(clock, mint, os.urandom),
        queries=None,  # the console asks no partner
        intake=SimpleNamespace(),  # the console never posts
        submissions=StoredSubmissions(database),
        held_bodies=StoredHeldBodies(database),
        receipts=ReceiptOffice(
            StoredReceipts(database),
            JoseReceiptSigner(lambda: RING),
            StoredAuditLog(database),
            lambda: Directory(PARTNERS, AGREEMENTS),
            Scribe(clock, mint, os.urandom),
            clock,
            "log.example/audit",
            lambda _kind: None,
        ),
        records=StoredRecords(database),
        desk=StoredDesk(database),
        mailbox=StoredMailbox(database),
        jobs=StoredJobs(database),
        partners=partners,
        directory=followed(partners),
        callers=StoredApiKeys(database, clock),
        proofs=SimpleNamespace(),  # the console has logins of its own
        operators=StoredOperators(database),
        factors=StoredFactors(database),
        devices=StoredDevices(database),
        login_failures=StoredLoginFailures(database),
        readings=StoredReadings(database),
        glass=GlassWatch(
            StoredGlass(database), Scribe(clock, mint, os.urandom), clock, mint, timedelta(minutes=15), review_days=2
        ),
        approvals=StoredApprovals(database),
        amendments=AmendmentDesk(StoredAmendments(database, clock), SimpleNamespace()),  # nothing is mended here
        health=StoredHealth(database),
        turns=StoredTurns(database),
        attestation=Attestation("2026-11-29.0a1b2c3d", "I ask for a lawful purpose."),
        policies=Policies(POLICY, SCHEDULE, ("ohio.example/anna",)),
        audit=StoredAuditLog(database),
        retention=desk_over(database, Scribe(clock, mint, os.urandom), clock, mint, PARTNERS),
        incident_clocks=IncidentWatch(StoredIncidentRegister(database), Scribe(clock, mint, os.urandom), clock, mint),
        danger_clocks=DangerWatch(
            StoredDangerChanges(database),
            frozenset(),
            lambda: Directory(PARTNERS, AGREEMENTS),
            {},
            Scribe(clock, mint, os.urandom),
            clock,
        ),
        sealer=SEALER,
        indexer=HashIndexer(),
        hasher=SimpleNamespace(),
        canonical=canonical,  # only who opens content needs it
        formats={
            FormatName("xml"): FormatInfo(
                FormatName("xml"),
                "Canonical XML",
                (LOCATE, TRANSFER, HIRE),
                "application/xml",
                ".xml",
                reads=True,
                writes=True,
                confidence="official, confirmed",
            )
        },
        kinds={LOCATE: "Locate", TRANSFER: "Case transfer", HIRE: "New hire"},
        rules={RULE: RuleText(RULE, "The date is no date", "Use YYYYMMDD.", Severity.ERROR, since=date(2020, 1, 1))},
        messages=SimpleNamespace(),  # the console never posts
        partner_keys=Registered(clock),
        disclosures=Words(),
        court=OrderDesk(
            StoredOverrides(database),
            Asked(StoredRecords(database), asking_nobody(database, canonical)),
            StoredAuditLog(database),
            RegisterWatch(StoredNotices(database), StoredOverrides(database)),
            Scribe(clock, mint, os.urandom),
            clock,
            mint,
            POLICY.version,
        ),
        gateway_name="log.example/audit",
        proof=proof,
        log=SimpleNamespace(),  # the console does not publish
        checks={"store": well, "keys": well, "broker": ill},
        version="0.1.0",
    )


@asynccontextmanager
async def running(
    url, clock=None, port=0, sso=None, canonical=None, mending=None, asking=None, context=None, checks=(), **settings
):
    """A console on a free loopback port over the database at the URL. ``mending``: parts -> who mends dead letters.
    ``asking``: how it asks which computer a browser runs on; ``context``: it listens under TLS; ``checks``: beside its
    own."""
    database, clock = open_database(url), clock or SteppedClock()
    chosen = ConsoleSettings(**{"environment": "DEMO", "secure": False, "second_factor": False, **settings})
    parts = parts_of(database, clock, canonical)
    if mending is not None:
        parts = replace(parts, amendments=replace(parts.amendments, mending=mending(parts)))
    parts = replace(parts, checks={**parts.checks, **dict(checks)})
    application = console_application(parts, chosen, sso, asking or Asking())
    site = Site(parts, chosen, clock, database, application)
    entry = parts.scribe.entry(Actor("operator", "setup"), "partner.applied", "partner:ohio")
    await parts.partners.apply(PARTNERS, AGREEMENTS, [entry])
    runner = web.AppRunner(application, shutdown_timeout=5)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    await listener.start()
    site.url = f"{'https' if context else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
        await database.dispose()


async def fill(site):
    """An afternoon of traffic: accepted, refused and parked records, dead letters of each fault, an hour of samples."""
    now = site.clock()
    await posted(site, now)
    await _owed(site, now)
    await _measured(site, now)
    key = ApiKey(
        "k1",
        b"digest",
        principal=Principal("k1", frozenset({"submit", "read"}), OHIO),
        created_at=now,
        expires_at=None,
    )
    await site.parts.callers.add(key, site.parts.scribe.entry(Actor("operator", "setup"), "apikey.added", "apikey:k1"))


async def posted(site, now):
    intake = StoredIntake(site.database)
    for number in range(3):
        taken = submission(f"afternoon-{number}-{site.parts.mint()}", at=now - timedelta(minutes=5 * number))
        case = site.parts.indexer.index(f"case:{OHIO}", "C-42")
        good = judged_record(taken.id, 1, case=case, received_at=taken.received_at)
        good = replace(good, deliveries=tuple(replace(d, created_at=now, due_at=now) for d in good.deliveries))
        bad = judged_record(
            taken.id,
            2,
            state=RecordState.REFUSED,
            findings=(finding(RULE, 2, Severity.ERROR, "Birth-Date"),),
            received_at=taken.received_at,
        )
        parked = judged_record(taken.id, 3, state=RecordState.UNROUTABLE, received_at=taken.received_at)
        await intake.accept(acceptance(taken, good, bad, parked, write=Receipts(lambda _rule: ("", "", ""))))
        site.ids |= {"submission": taken.id, "record": good.record.id, "refused": bad.record.id}
    await intake.close()


async def _owed(site, now):
    town = Town()
    town.now = now - timedelta(minutes=40)
    dead = {"state": DeliveryState.DEAD, "settled_at": now - timedelta(minutes=9), "attempts": 4}
    storm = await town.owe(site.database, 12, TEXAS, cause="https-503", fault=Fault.PARTNER, answer="503 busy", **dead)
    await town.owe(site.database, 3, IOWA, cause="sftp-host-key", fault=Fault.PARTNER, **dead)
    await town.owe(site.database, 2, IOWA, cause="csenet-too-wide", fault=Fault.RECORD, **dead)
    await town.owe(site.database, 1, TANF, cause="key-missing", fault=Fault.GATEWAY, **dead)
    town.now = now - timedelta(minutes=20)
    await town.owe(site.database, 37, TEXAS)
    await town.owe(site.database, 4, OHIO, state=DeliveryState.DELIVERED, settled_at=now)
    await town.wait_for_batch(site.database, 6, TANF)
    tried = [
        Attempt(
            storm[0].id,
            n,
            now - timedelta(minutes=40 - n),
            now - timedelta(minutes=40 - n, seconds=-2),
            Outcome.TRANSIENT,
            "https-503",
            "503 busy",
        )
        for n in (1, 2, 3, 4)
    ]
    async with site.database.write() as connection:
        await Insertion(attempts).write(connection, [attempt_row(one) for one in tried])
    site.ids |= {"delivery": storm[0].id}
    opened = BreakerRow(TEXAS, "open", 9, now - timedelta(minutes=9), now + timedelta(minutes=1))
    await site.parts.health.save_breaker(opened)


async def _measured(site, now):
    samples = []
    for minute in range(60, 0, -1):
        at = now - timedelta(minutes=minute)
        if 34 < minute < 40:
            continue  # nobody measured then: the plots show a gap
        rise = max(0, 45 - minute) * 2
        for label, value in (("texas", 20 + rise), ("iowa", 6 + minute % 5), ("ohio", minute % 3), ("tanf", 6)):
            samples.append(Sample(at, "queue.pending", label, float(value)))
            samples.append(Sample(at, "broker.consumers", label, 0.0 if label == "iowa" else 2.0))
            moved = {"texas": (14, 12), "iowa": (0, 0), "ohio": (9, 9), "tanf": (5, 5)}[label]
            flow = zip(("queue.entered", "queue.left"), moved, strict=True)
            samples += [Sample(at, series, label, float(figure)) for series, figure in flow]
        samples.append(Sample(at, "minute.accepted", "", 120 + 30 * (minute % 4)))
        samples.append(Sample(at, "minute.delivered", "", 90 + 20 * (minute % 7)))
    await site.parts.health.add_samples(samples)
    note = (
        "gateway.example/log\n21\nq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=\n\n— gateway.example/log c2lnbmF0dXJl\n"
    )
    size = len(await site.parts.audit.unsequenced(1000))
    entries = [entry.id for entry in await site.parts.audit.unsequenced(size)]
    head = Checkpoint(size, hashlib.sha256(b"root").digest(), note, now)
    await site.parts.audit.integrate(0, entries, [hashlib.sha256(e.encode()).digest() for e in entries], (), head)
