"""The wiring: every part of a process made and given what it needs; nothing runs yet."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from adapters import Kit, make_adapters, make_query_line
from gateway import __version__
from gateway.admitting import pressure
from gateway.amending import amendment_desk
from gateway.audit.cosignature import WitnessKey
from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.settings import RabbitSettings
from gateway.core.disclosure import Guard
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.labels import tax_formats
from gateway.core.model import Content, Delivery, FormatName, RuleCode
from gateway.core.ports.broker import Broker
from gateway.core.ports.callers import Proofs
from gateway.core.ports.crew import Crew
from gateway.core.receipt import Receipts
from gateway.core.rule_words import subject
from gateway.core.whole_file import WholeFile
from gateway.cosigners import Cosigner
from gateway.court import order_desk, orders, questions_of, register_watch
from gateway.crew import InlineCrew, PoolCrew
from gateway.foundation import Foundation, SecretFolder
from gateway.guarding import clearing_of, danger_watch, disclosure_desk, judge_of
from gateway.key_rounds import key_report
from gateway.published import Publisher
from gateway.querying import query_desk
from gateway.retaining import retention_desk
from gateway.settings import Role, Settings
from gateway.telemetry import AdmissionFigures, Metrics
from gateway.web.parts import LogFiles, Parts, RuleText
from gateway.wire import WireParts, wire_parts
from gateway.witness_client import WitnessClient
from gateway.work.acknowledging import Acknowledging
from gateway.work.answers import AnsweringCrew, Questions
from gateway.work.clearing import Clearing
from gateway.work.directory import DirectoryWatch
from gateway.work.dispatcher import Dispatcher, DispatchLimits, Tools
from gateway.work.intake import Desk, IntakeLimits
from gateway.work.originate import Originator
from gateway.work.pressure import Pressure
from gateway.work.query import QueryDesk
from gateway.work.query_wire import ProtectingLine
from gateway.work.receipts import ReceiptOffice
from gateway.work.rejections import Rejections
from gateway.work.relay import Relay, RelayLimits
from gateway.work.returns import Returns
from gateway.work.route import Router
from gateway.work.settling import Settler
from keys.credentials import PresentedCredentials
from transforms.csenet_answers import Stamp, rejection
from transforms.csenet_errors import ErrorReturns
from transforms.x12_answers import acknowledge


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@dataclass(slots=True)
class Gateway:
    """The running parts of one process."""

    settings: Settings
    roles: frozenset[Role]
    base: Foundation
    broker: Broker
    crew: PoolCrew
    watch: DirectoryWatch
    relay: Relay
    desk: Desk
    queries: QueryDesk
    settler: Settler
    dispatcher: Dispatcher
    metrics: Metrics
    parts: Parts
    receipts: ReceiptOffice
    questions: Questions
    clearing: Clearing
    owner: str
    pressure: Pressure
    witnesses: tuple[Cosigner, ...] = ()
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    addresses: dict[str, str] = field(default_factory=dict)
    """Role -> the address it listens on, once it does."""


def describing(base: Foundation) -> Callable[[RuleCode], tuple[str, str]]:
    """Title and fix of a rule, for receipts."""

    def describe(code: RuleCode) -> tuple[str, str]:
        rule = base.speech.catalog.rule(code)
        return (rule.title, rule.fix) if rule else (code, "")

    return describe


def open_broker(settings: Settings, base: Foundation) -> Broker:
    if settings.broker.url is None:
        return MemoryBroker(delivery_limit=settings.broker.delivery_limit)
    chosen = RabbitSettings(
        url=settings.broker.url.get_secret_value(),
        delivery_limit=settings.broker.delivery_limit,
        publish_timeout=seconds(settings.broker.publish_timeout_seconds),
    )
    return RabbitBroker(chosen, base.clock, base.mint)


def build(settings: Settings, roles: frozenset[Role], base: Foundation) -> Gateway:
    """Wire the parts; nothing runs yet."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    metrics = Metrics()
    broker = open_broker(settings, base)
    inline = InlineCrew(base.tools.examiner, base.tools.composer)
    crew = PoolCrew(inline, base.snapshot, settings.work.processes, drafts=settings.drafts)
    watch = DirectoryWatch(base.stores.partners)
    again = RelayLimits(again=seconds(settings.work.announce_again_seconds))
    relay = Relay(broker, base.stores.deliveries, base.clock, again)
    announce = relay.tell if Role.RELAY in roles else _leave_to_the_relay
    questions = questions_of(base, watch.current)
    answering = AnsweringCrew(crew, questions)
    wire = wire_parts(base, watch, answering, metrics.message)
    guard, protection = Guard(base.speech.catalog.policy), register_watch(base)
    originator = _originator(
        base, watch, announce, Router(base.scribe, base.mint, guard, base.speech.catalog.bridging, protection.register)
    )
    desk = _intake(settings, originator, base, answering, crew.prepare)
    kit = _kit(settings, base)
    line = ProtectingLine(make_query_line(kit), wire.envelopes, wire.messages)
    queries = query_desk(base, line, watch, guard, protection, metrics.query)
    receipts = ReceiptOffice(
        receipts=base.stores.receipts,
        signer=base.keys.receipt_signer(),
        audit=base.stores.audit,
        directory=watch.current,
        scribe=base.scribe,
        clock=base.clock,
        origin=settings.log_name,
        observe=metrics.receipt,
    )
    settler = Settler(base.stores.deliveries)
    clearing = clearing_of(base, watch, guard, protection, orders(base, questions))
    pressed = pressure(base, watch, AdmissionFigures(metrics.registry), owner)
    dispatcher = Dispatcher(
        Tools(
            owner=owner,
            deliveries=base.stores.deliveries,
            health=base.stores.health,
            crew=wire.crew,
            clearing=clearing,
            adapters=make_adapters(kit),
            settler=settler,
            judge=judge_of(base),
            clock=base.clock,
            roll=random.SystemRandom().random,
            directory=watch.current,
            observe=metrics.attempt,
            limits=DispatchLimits(lease=seconds(settings.work.lease_seconds)),
        )
    )
    return Gateway(
        settings=settings,
        roles=roles,
        base=base,
        broker=broker,
        crew=crew,
        watch=watch,
        relay=relay,
        desk=desk,
        queries=queries,
        settler=settler,
        dispatcher=dispatcher,
        metrics=metrics,
        parts=replace(
            _parts(base, desk, queries, watch, broker, originator, receipts, wire, clearing),
            admission=pressed.door,
            unfit=metrics.unfit,
        ),
        receipts=receipts,
        questions=questions,
        clearing=clearing,
        owner=owner,
        pressure=pressed,
        witnesses=_witnesses(settings),
    )


def _leave_to_the_relay(_deliveries: tuple[Delivery, ...]) -> None:
    """The relay runs in another process: its sweep finds what was committed."""


def _witnesses(settings: Settings) -> tuple[Cosigner, ...]:
    """Raises Misconfigured when the two keys of a witness are not of one name."""
    found = []
    for one in settings.audit.witnesses:
        client, key = WitnessClient(one.url, settings.audit.witness_seconds), WitnessKey.parse(one.key)
        also = (WitnessKey.parse(one.post_quantum_key),) if one.post_quantum_key else ()
        if any(second.name != key.name or second.kind is key.kind for second in also):
            raise Misconfigured("The two keys of a witness have one name and two kinds.", code="witness-keys")
        found.append(Cosigner(key, client.ask, also, close=client.close))
    return tuple(found)


def _intake(
    settings: Settings, originator: Originator, base: Foundation, crew: Crew, expect: Callable[[], None]
) -> Desk:
    return Desk(
        formats=base.speech.formats,
        crew=crew,
        router=originator.router,
        store=base.stores.intake,
        spool=base.stores.spool,
        audit=base.stores.audit,
        sealer=base.tools.examiner.sealer,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=originator.directory,
        write_receipt=originator.write_receipt,
        whole=WholeFile.of(base.speech.catalog),
        taxing=tax_formats(base.speech.catalog),
        announce=originator.announce,
        limits=IntakeLimits(records_at_once=settings.api.records_at_once),
        returns=Returns(
            originator,
            base.stores.submissions,
            ErrorReturns(base.speech.catalog).of_bytes,
            frozenset({FormatName("csenet"), FormatName("csenet-out")}),
        ),
        acknowledging=Acknowledging(
            originator,
            base.stores.submissions,
            lambda name, body, findings: acknowledge(body, findings, base.speech.catalog.x12[name]),
            frozenset(base.speech.catalog.x12),
        ),
        successions=base.speech.catalog.order_of_files,
        turns=base.stores.turns,
        expect=expect,
    )


def _originator(
    base: Foundation, watch: DirectoryWatch, announce: Callable[[tuple[Delivery, ...]], None], router: Router
) -> Originator:
    return Originator(
        canonical=base.speech.canonical,
        sealer=base.tools.examiner.sealer,
        indexer=base.tools.examiner.indexer,
        router=router,
        store=base.stores.intake,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=watch.current,
        write_receipt=Receipts(describing(base)),
        announce=announce,
    )


def _reject(content: Content, serial: str, day: date) -> Content:
    return rejection(content, Stamp(serial, day))


def _kit(settings: Settings, base: Foundation) -> Kit:
    return Kit(
        clock=base.clock,
        random=base.random,
        secrets=SecretFolder(settings.secrets),
        mailbox=base.stores.mailbox,
        sealer=base.tools.examiner.sealer,
        folder_root=settings.work.folder_root,
    )


def _parts(
    base: Foundation,
    desk: Desk,
    queries: QueryDesk,
    watch: DirectoryWatch,
    broker: Broker,
    originator: Originator,
    receipts: ReceiptOffice,
    wire: WireParts,
    clearing: Clearing,
) -> Parts:
    stored, catalog = base.stores, base.speech.catalog
    published = Publisher(stored.audit, base.heads, base.settings.audit.publish)

    async def store_answers() -> None:
        await stored.health.ping()

    async def broker_answers() -> None:
        if not broker.connected:
            raise Unavailable("The broker is not connected; deliveries wait in the store.", code="broker-down")

    return Parts(
        clock=base.clock,
        mint=base.mint,
        random=base.random,
        scribe=base.scribe,
        intake=desk,
        queries=queries,
        submissions=stored.submissions,
        receipts=receipts,
        records=stored.records,
        desk=stored.desk,
        mailbox=stored.mailbox,
        jobs=stored.jobs,
        partners=stored.partners,
        directory=watch.fresh,
        callers=stored.callers,
        proofs=Proofs(base.keys.access_tokens(), PresentedCredentials(), stored.nonces),
        operators=stored.operators,
        factors=stored.factors,
        login_failures=stored.login_failures,
        approvals=stored.approvals,
        amendments=amendment_desk(base),
        health=stored.health,
        audit=stored.audit,
        retention=retention_desk(base, watch.current),
        sealer=base.tools.examiner.sealer,
        indexer=base.tools.examiner.indexer,
        hasher=base.keys.hasher(),
        canonical=base.speech.canonical,
        formats={info.name: info for info in catalog.formats.values()},
        kinds={kind: info.title for kind, info in catalog.kinds.items()},
        rules=_rule_texts(base),
        proof=base.logbook.proof,
        log=LogFiles(published.checkpoint, published.file, stored.stamps if base.settings.audit.publish else None),
        checks={"store": store_answers, "broker": broker_answers},
        version=__version__,
        key_report=lambda: key_report(base),
        messages=wire.messages,
        partner_keys=wire.partner_keys,
        gateway_name=base.settings.log_name,
        court=order_desk(base, clearing.orders.asked.questions, clearing.watch),
        disclosures=disclosure_desk(base, clearing),
        danger_clocks=danger_watch(base, watch.current),
        turns=stored.turns,
        case_unknown=Rejections(stored.desk, originator, _reject).case_unknown,
    )


def _rule_texts(base: Foundation) -> dict[str, RuleText]:
    return {
        rule.code: RuleText(
            rule.code,
            rule.title,
            rule.fix,
            rule.severity,
            subject(rule, base.speech.catalog) or None,
            rule.source,
            (*sorted(rule.kinds), *sorted(rule.formats)),
            rule.since,
            rule.until,
        )
        for rule in base.speech.catalog.rules.values()
    }
