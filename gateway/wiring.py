"""The wiring: every part of a process made and given what it needs; nothing runs yet."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

from adapters import Kit, make_adapters, make_query_line
from gateway.admitting import pressure
from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.settings import RabbitSettings
from gateway.core.disclosure import Guard
from gateway.core.model import Delivery
from gateway.core.ports.broker import Broker
from gateway.cosigners import Cosigner
from gateway.court import orders, questions_of, register_watch
from gateway.crew import InlineCrew, PoolCrew
from gateway.fips import report
from gateway.foundation import Foundation, SecretFolder
from gateway.guarding import clearing_of, judge_of
from gateway.querying import query_desk
from gateway.settings import Role, Settings
from gateway.taking_in import intake_desk, originator_of
from gateway.telemetry import AdmissionFigures, Metrics
from gateway.transports import broker_transport
from gateway.web.parts import Parts
from gateway.web_parts import web_parts
from gateway.wire import wire_parts
from gateway.witness_client import witnesses
from gateway.work.answers import AnsweringCrew, Questions
from gateway.work.attempt import Attempts
from gateway.work.clearing import Clearing
from gateway.work.clock_watch import ClockWatch, References
from gateway.work.directory import DirectoryWatch
from gateway.work.dispatcher import Dispatcher, DispatchLimits, Tools
from gateway.work.intake import Desk
from gateway.work.presence import Presence
from gateway.work.pressure import Pressure
from gateway.work.query import QueryDesk
from gateway.work.query_wire import ProtectingLine
from gateway.work.receipts import ReceiptOffice
from gateway.work.relay import Relay, RelayLimits
from gateway.work.route import Router
from gateway.work.settling import Settler


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
    clock_watch: ClockWatch
    presence: Presence
    """Among the dispatchers."""
    witnesses: tuple[Cosigner, ...] = ()
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    addresses: dict[str, str] = field(default_factory=dict)
    """Role -> the address it listens on, once it does."""


def open_broker(settings: Settings, base: Foundation) -> Broker:
    if settings.broker.url is None:
        return MemoryBroker(delivery_limit=settings.broker.delivery_limit)
    chosen = RabbitSettings(
        url=settings.broker.url.get_secret_value(),
        transport=broker_transport(settings),
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
    originator = originator_of(
        base, watch, announce, Router(base.scribe, base.mint, guard, base.speech.catalog.bridging, protection.register)
    )
    desk = intake_desk(settings, originator, base, answering, crew.prepare)
    kit = _kit(settings, base)
    line = ProtectingLine(make_query_line(kit), wire.envelopes, wire.messages)
    queries = query_desk(base, line, watch, guard, protection, metrics.query)
    receipts = _receipts(base, watch, metrics)
    settler = Settler(base.stores.deliveries)
    clearing = clearing_of(base, watch, guard, protection, orders(base, questions))
    pressed = pressure(base, watch, AdmissionFigures(metrics.registry), owner)
    presence = Presence(base.stores.leases, Role.DISPATCHER.value, owner, base.clock)
    attempts = Attempts(
        crew=wire.crew,
        clearing=clearing,
        adapters=make_adapters(kit),
        judge=judge_of(base),
        clock=base.clock,
        roll=random.SystemRandom().random,
        directory=watch.current,
        observe=metrics.attempt,
        places=settings.places.value(),
    )
    dispatcher = Dispatcher(
        Tools(
            owner=owner,
            deliveries=base.stores.deliveries,
            health=base.stores.health,
            attempts=attempts,
            settler=settler,
            clock=base.clock,
            directory=watch.current,
            share=presence.share,
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
            web_parts(base, desk, queries, watch, broker, originator, receipts, wire, clearing),
            admission=pressed.door,
            unfit=metrics.unfit,
            modules=report(settings),
        ),
        receipts=receipts,
        questions=questions,
        clearing=clearing,
        owner=owner,
        pressure=pressed,
        clock_watch=_clock_watch(base, metrics, owner),
        presence=presence,
        witnesses=witnesses(settings.audit, restricted=settings.crypto.restricted),
    )


def references(base: Foundation) -> References:
    return References(base.stores.times, base.clock, time.monotonic)


def _clock_watch(base: Foundation, metrics: Metrics, owner: str) -> ClockWatch:
    return ClockWatch(references(base), base.stores.audit, base.scribe, owner, metrics.clock_skew)


def _receipts(base: Foundation, watch: DirectoryWatch, metrics: Metrics) -> ReceiptOffice:
    return ReceiptOffice(
        receipts=base.stores.receipts,
        signer=base.keys.receipt_signer(),
        audit=base.stores.audit,
        directory=watch.current,
        scribe=base.scribe,
        clock=base.clock,
        origin=base.settings.log_name,
        observe=metrics.receipt,
    )


def _leave_to_the_relay(_deliveries: tuple[Delivery, ...]) -> None:
    """The relay runs in another process: its sweep finds what was committed."""


def _kit(settings: Settings, base: Foundation) -> Kit:
    return Kit(
        clock=base.clock,
        random=base.random,
        secrets=SecretFolder(settings.secrets),
        mailbox=base.stores.mailbox,
        sealer=base.tools.examiner.sealer,
        folder_root=settings.work.folder_root,
        restricted=settings.crypto.restricted,
    )
