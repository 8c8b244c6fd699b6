"""The background work put together from its embedded parts: SQLite, the memory broker, keys in a file, and a clock that
moves only when told to. The partner's side is an adapter in memory that fails and recovers as told."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from gateway.broker.memory import MemoryBroker
from gateway.core.apart import Parter
from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Guard
from gateway.core.errors import Transient
from gateway.core.ids import minting
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    BreakerPolicy,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Endpoint,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    RetrySchedule,
    Role,
    Submission,
)
from gateway.core.ports.adapters import Handover, Parcel
from gateway.core.ports.submissions import Replayed
from gateway.core.receipt import Receipts
from gateway.core.routing import Directory
from gateway.core.whole_file import WholeFile
from gateway.crew import InlineCrew
from gateway.foundation import stores
from gateway.store.deliveries import StoredDeliveries
from gateway.store.engine import Limits, open_database
from gateway.tools import Speech, speech, tools
from gateway.work.answers import AnsweringCrew, Questions
from gateway.work.attempt import Attempts
from gateway.work.backlog import Backlog, BacklogLimits
from gateway.work.clearing import Clearing
from gateway.work.court_orders import Asked, Orders
from gateway.work.dispatcher import Dispatcher, DispatchLimits, Tools
from gateway.work.intake import Desk, IntakeLimits
from gateway.work.originate import Originator
from gateway.work.patience import Patience
from gateway.work.prohibiting import Prohibiting
from gateway.work.protection import RegisterWatch
from gateway.work.relay import Relay
from gateway.work.route import Router
from gateway.work.settling import Settler
from gateway.work.verdict import Judge
from keys.files import FileKeys
from keys.token import TokenAddress

MORNING = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
CASE, HIRE = Kind("case-transfer"), Kind("new-hire")
XML = FormatName("xml")
OHIO, MICHIGAN, TEXAS = PartnerKey("ohio"), PartnerKey("michigan"), PartnerKey("texas")
EXAMPLE = Path(__file__).parents[2] / "examples" / "michigan-case-transfer.xml"
SHORT = timedelta(milliseconds=100)
SPEECH = cache(speech)
PATIENCE = 60.0
"""Seconds that a test waits for something that must happen: ten thousand deliveries on a sixth of a core take nine."""


def partner(key: PartnerKey, locator: str, **changes: object) -> Partner:
    plain = Partner(
        key=key,
        name=key.title(),
        role=Role.STATE,
        program="IV-D",
        locators=frozenset({locator}),
        endpoint=Endpoint(AdapterName.FOLDER),
        retry=RetrySchedule((timedelta(seconds=30), timedelta(seconds=120)), jitter=0.0),
        breaker=BreakerPolicy(failures=100),
    )
    return replace(plain, **changes)  # type: ignore[arg-type] - the tests name fields of Partner


def agreement(
    sender: PartnerKey, recipient: PartnerKey, since: date = date(2026, 1, 1), **changes: object
) -> Agreement:
    plain = Agreement(
        key=AgreementKey(f"{sender}-{recipient}"),
        mode=AgreementMode.DIRECT,
        senders=frozenset({sender}),
        recipient=recipient,
        kinds=frozenset({CASE}),
        legal_basis="45 CFR 303.7",
        valid_from=since,
    )
    return replace(plain, **changes)  # type: ignore[arg-type] - the tests name fields of Agreement


@cache
def _example() -> tuple[str, str]:
    """What stands before the first record of the example, and the record."""
    text = EXAMPLE.read_text()
    begin, end = text.index("<CaseTransfer"), text.index("</CaseTransfer>") + len("</CaseTransfer>")
    return text[:begin], text[begin:end]


def transfers(*serials: int, case: str = "MI10000001", to: str = "39", given_name: str = "JOHN") -> bytes:
    """A body of case transfers of Michigan, one for each serial number."""
    head, record = _example()
    record = (
        record.replace("MI10000001", case)
        .replace(">JOHN<", f">{given_name}<")
        .replace("<LocatorStateCode>39</LocatorStateCode>", f"<LocatorStateCode>{to}</LocatorStateCode>", 1)
    )
    records = (record.replace("000000260001", f"{serial:012}") for serial in serials)
    return f"{head}{''.join(records)}</Batch>".encode()


class Doorstep:
    """An Adapter whose partner is in memory: it takes parcels, fails, or keeps callers waiting, as the test says."""

    def __init__(self) -> None:
        self.begun: list[Parcel] = []
        self.taken: list[Parcel] = []
        self.failure: Callable[[], Exception] | None = None
        self.refuses: Callable[[Parcel], bool] = lambda _parcel: False
        self.handover = Handover(answer="200 OK")
        self.open = asyncio.Event()
        self.open.set()
        self.inside = self.most_inside = 0

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:  # noqa: ARG002 - the port's signature
        self.begun.append(parcel)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(0.002)
            await self.open.wait()
        finally:
            self.inside -= 1
        if self.failure is not None:
            raise self.failure()
        if self.refuses(parcel):
            raise Transient("Not this one.", code="http-503")
        self.taken.append(parcel)
        return self.handover

    async def close(self) -> None:
        """Nothing to close."""


class WatchedDeliveries(StoredDeliveries):
    """The store's deliveries; tells whether somebody is just asking."""

    asking = 0

    async def claim(self, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime) -> tuple[Claimed, ...]:
        self.asking += 1
        try:
            return await super().claim(ids, owner, now, until)
        finally:
            self.asking -= 1

    async def waiting(self, partner: PartnerKey, now: datetime, limit: int, skip: int) -> tuple[DeliveryId, ...]:
        self.asking += 1
        try:
            return await super().waiting(partner, now, limit, skip)
        finally:
            self.asking -= 1

    async def defer(self, ids: Sequence[DeliveryId], until: datetime) -> None:
        self.asking += 1
        try:
            await super().defer(ids, until)
        finally:
            self.asking -= 1


class Site:
    """One process without its listeners."""

    def __init__(self, url: str, folder: Path, token: TokenAddress | None = None) -> None:
        self.path = Path(url.removeprefix("sqlite+aiosqlite:///"))
        self.now = MORNING
        self.mint = minting(self.clock, os.urandom)
        self.scribe = Scribe(self.clock, self.mint, os.urandom)
        self.database = open_database(url, Limits(lock=SHORT))
        self.deliveries = WatchedDeliveries(self.database)
        self.stores = replace(stores(self.database, self.clock, timedelta()), deliveries=self.deliveries)
        self.running: Dispatcher | None = None
        self.keys = FileKeys.create(folder / "keys", self.clock, os.urandom, token=token)
        self.speech: Speech = SPEECH()
        computing = tools(self.speech, self.keys.sealer(), self.keys.indexer())
        self.sealer = computing.examiner.sealer
        self.directory = Directory((), ())
        catalog = self.speech.catalog
        self.questions = Questions(
            self.stores.records,
            self.sealer,
            self.speech.canonical,
            computing.examiner.indexer,
            lambda: self.directory,
            {kind: info.question for kind, info in catalog.kinds.items() if info.question is not None},
            catalog.bridging,
        )
        self.crew = AnsweringCrew(InlineCrew(computing.examiner, computing.composer), self.questions)
        self.guard, self.protection = Guard(catalog.policy), RegisterWatch(self.stores.notices, self.stores.overrides)
        self.router = Router(self.scribe, self.mint, self.guard, catalog.bridging, self.protection.register)
        self.told: list[Delivery] = []
        self.door = Doorstep()
        self.broker = MemoryBroker()
        self.settler = Settler(self.stores.deliveries, pause=timedelta(milliseconds=20))
        self.relay = Relay(self.broker, self.stores.deliveries, self.clock)
        self.observed: list[tuple[PartnerKey, str]] = []
        self.know()

    def clock(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def know(
        self, *partners: Partner, agreements: Sequence[Agreement] = (agreement(MICHIGAN, OHIO),), version: int = 0
    ) -> None:
        """The directory from now on: Michigan, Ohio and Texas as given, or plain."""
        known = {p.key: p for p in (partner(OHIO, "39"), partner(MICHIGAN, "26"), partner(TEXAS, "48"))}
        known.update({p.key: p for p in partners})
        self.directory = Directory(tuple(known.values()), agreements, version)

    def desk(self, limits: IntakeLimits | None = None) -> Desk:
        return Desk(
            formats=self.speech.formats,
            crew=self.crew,
            router=self.router,
            store=self.stores.intake,
            spool=self.stores.spool,
            audit=self.stores.audit,
            sealer=self.sealer,
            scribe=self.scribe,
            clock=self.clock,
            mint=self.mint,
            directory=lambda: self.directory,
            write_receipt=Receipts(lambda rule: (rule, "", "")),
            whole=WholeFile.of(self.speech.catalog),
            announce=self.told.extend,
            limits=limits or IntakeLimits(),
        )

    def originator(self) -> Originator:
        """What the gateway says in partners' names."""
        return Originator(
            canonical=self.speech.canonical,
            sealer=self.sealer,
            indexer=self.questions.indexer,
            router=self.router,
            store=self.stores.intake,
            scribe=self.scribe,
            clock=self.clock,
            mint=self.mint,
            directory=lambda: self.directory,
            write_receipt=Receipts(lambda rule: (rule, "", "")),
            announce=self.told.extend,
        )

    def prohibiting(self) -> Prohibiting:
        """Tells who asked that an answer may not be told."""
        forms = {
            kind: info.prohibited for kind, info in self.speech.catalog.kinds.items() if info.prohibited is not None
        }
        return Prohibiting(self.originator(), self.stores.records, self.stores.prohibitions, forms)

    def backlog(self, owner: str = "a", chunk: int = 2) -> Backlog:
        return Backlog(
            owner=owner,
            spool=self.stores.spool,
            patience=Patience(owner, self.stores.held_bodies, self.scribe, self.clock),
            formats=self.speech.formats.__getitem__,
            crew=self.crew,
            router=self.router,
            sealer=self.sealer,
            scribe=self.scribe,
            clock=self.clock,
            mint=self.mint,
            directory=lambda: self.directory,
            announce=self.told.extend,
            whole=WholeFile.of(self.speech.catalog),
            limits=BacklogLimits(chunk=chunk, ahead=1),
        )

    async def post(
        self, key: str, body: bytes, limits: IntakeLimits | None = None, piece: int = 4_000
    ) -> Submission | Replayed:
        """Post a body of Michigan's in pieces."""
        upload = self.desk(limits).begin(self.directory.partners[MICHIGAN], key, XML, "request")
        for start in range(0, len(body), piece):
            await upload.feed(body[start : start + piece])
        return await upload.finish()

    async def owe(self, *serials: int, case: str = "MI10000001") -> list[Delivery]:
        """Accepted records, each with its delivery to Ohio."""
        before = len(self.told)
        await self.post(f"key-{serials}-{case}", transfers(*serials, case=case))
        return self.told[before:]

    async def found(self, delivery: Delivery) -> Delivery:
        found = await self.stores.desk.get(delivery.id)
        assert found is not None
        return found

    async def states(self, owed: Sequence[Delivery]) -> list[DeliveryState]:
        return [(await self.found(delivery)).state for delivery in owed]

    async def actions(self, obj: str) -> list[str]:
        """What the audit log says happened to an object."""
        return [entry.action for _, entry in await self.stores.audit.about(obj)]

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Straight from the file, or a change to it that our code would never make."""
        with sqlite3.connect(self.path) as connection:
            return connection.execute(statement).fetchall()

    @contextmanager
    def store_away(self) -> Iterator[None]:
        """Nothing can be written meanwhile: somebody else holds the database."""
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    def dispatcher(self, owner: str = "a") -> Dispatcher:
        quick = DispatchLimits(after_fault=timedelta(milliseconds=20), last_writes=timedelta(seconds=0.5))
        attempts = Attempts(
            crew=self.crew,
            clearing=self.clearing(),
            adapters={AdapterName.FOLDER: self.door},
            judge=Judge(self.scribe, Parter(self.scribe, self.mint)),
            clock=self.clock,
            roll=lambda: 0.5,
            directory=lambda: self.directory,
            observe=lambda partner, outcome, _seconds: self.observed.append((partner, outcome)),
        )
        return Dispatcher(
            Tools(
                owner=owner,
                deliveries=self.stores.deliveries,
                health=self.stores.health,
                attempts=attempts,
                settler=self.settler,
                clock=self.clock,
                directory=lambda: self.directory,
                limits=quick,
            )
        )

    def clearing(self) -> Clearing:
        return Clearing(
            guard=self.guard,
            watch=self.protection,
            directory=lambda: self.directory,
            clock=self.clock,
            bridging=self.router.bridging,
            sealer=self.sealer,
            canonical=self.speech.canonical,
            carried=self.stores.notices,
            orders=Orders(self.stores.overrides, Asked(self.stores.records, self.questions), self.scribe),
        )

    @asynccontextmanager
    async def dispatching(self, patience: timedelta = timedelta(seconds=5)) -> AsyncIterator[Dispatcher]:
        """A dispatcher at work, and its settler; closed as a process closes it."""
        dispatcher = self.running = self.dispatcher()
        settling = asyncio.create_task(self.settler.run())
        await self.broker.open()
        for key in self.directory.partners:
            await self.broker.consume(key, dispatcher.take)
        try:
            yield dispatcher
        finally:
            for key in self.directory.partners:
                await self.broker.cancel(key)
            await dispatcher.close(patience)
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)

    async def come_to_rest(self) -> None:
        """Announce what is due; returns when the dispatcher has nothing to do any more and all of it is written."""
        await self.relay.sweep()
        await eventually(self.at_rest)

    async def at_rest(self) -> bool:
        if not await self._idle():
            return False
        await self.settler.drained()
        return await self._idle()

    async def _idle(self) -> bool:
        """Nothing is announced, waits, is being claimed or is on its way, and nobody has just been woken."""
        await asyncio.sleep(0)
        assert self.running is not None
        depths = await self.broker.depths()
        woken = any(event.is_set() for event in self.running._wakes.values())
        lines = any(line.waiting or line.running for line in self.running._lines.values())
        return not (woken or lines or self.deliveries.asking or any(d.ready + d.unacknowledged for d in depths))


@asynccontextmanager
async def open_site(url: str, folder: Path, token: TokenAddress | None = None) -> AsyncIterator[Site]:
    """``token``: where the keys that seal lie; None, in the key file."""
    site = Site(url, folder, token)
    try:
        yield site
    finally:
        await site.broker.close()
        await site.stores.intake.close()
        await site.database.dispose()


async def eventually(holds: Callable[[], object]) -> None:
    """Returns when the condition holds; it may be a plain or an async function."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = holds()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.005)
