"""The wiring: every part of a process made and given what it needs; nothing runs yet."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from adapters import Kit, make_adapters
from gateway import __version__
from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.settings import RabbitSettings
from gateway.core.errors import Unavailable
from gateway.core.model import AdapterName, Delivery, RuleCode
from gateway.core.ports.adapters import Adapter
from gateway.core.ports.broker import Broker
from gateway.core.receipt import Receipts
from gateway.cosigners import Cosigner
from gateway.crew import InlineCrew, PoolCrew
from gateway.foundation import Foundation, SecretFolder
from gateway.published import Publisher
from gateway.settings import Role, Settings
from gateway.telemetry import Metrics
from gateway.web.parts import LogFiles, Parts, RuleText
from gateway.witness_client import WitnessClient
from gateway.work.directory import DirectoryWatch
from gateway.work.dispatcher import Dispatcher, DispatchLimits, Tools
from gateway.work.intake import Desk, IntakeLimits
from gateway.work.relay import Relay, RelayLimits
from gateway.work.route import Router
from gateway.work.settling import Settler
from gateway.work.verdict import Judge


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
    settler: Settler
    dispatcher: Dispatcher
    metrics: Metrics
    parts: Parts
    owner: str
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
    desk = _intake(settings, base, crew, watch, announce)
    settler = Settler(base.stores.deliveries)
    dispatcher = Dispatcher(
        Tools(
            owner=owner,
            deliveries=base.stores.deliveries,
            health=base.stores.health,
            crew=crew,
            adapters=_adapters(settings, base),
            settler=settler,
            judge=Judge(base.scribe),
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
        settler=settler,
        dispatcher=dispatcher,
        metrics=metrics,
        parts=_parts(base, desk, watch, broker),
        owner=owner,
        witnesses=_witnesses(settings, base),
    )


def _leave_to_the_relay(_deliveries: tuple[Delivery, ...]) -> None:
    """The relay runs in another process: its sweep finds what was committed."""


def _witnesses(settings: Settings, base: Foundation) -> tuple[Cosigner, ...]:
    clients = [WitnessClient(one.url, settings.audit.witness_seconds) for one in settings.audit.witnesses]
    return tuple(
        Cosigner(key, client.ask, close=client.close) for key, client in zip(base.heads.witnesses, clients, strict=True)
    )


def _intake(
    settings: Settings,
    base: Foundation,
    crew: PoolCrew,
    watch: DirectoryWatch,
    announce: Callable[[tuple[Delivery, ...]], None],
) -> Desk:
    return Desk(
        formats=base.speech.formats,
        crew=crew,
        router=Router(base.scribe, base.mint),
        store=base.stores.intake,
        spool=base.stores.spool,
        audit=base.stores.audit,
        sealer=base.tools.examiner.sealer,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=watch.current,
        write_receipt=Receipts(describing(base)),
        announce=announce,
        limits=IntakeLimits(records_at_once=settings.api.records_at_once),
        expect=crew.prepare,
    )


def _adapters(settings: Settings, base: Foundation) -> Mapping[AdapterName, Adapter]:
    return make_adapters(
        Kit(
            clock=base.clock,
            random=base.random,
            secrets=SecretFolder(settings.secrets),
            mailbox=base.stores.mailbox,
            sealer=base.tools.examiner.sealer,
            folder_root=settings.work.folder_root,
        )
    )


def _parts(base: Foundation, desk: Desk, watch: DirectoryWatch, broker: Broker) -> Parts:
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
        submissions=stored.submissions,
        records=stored.records,
        desk=stored.desk,
        mailbox=stored.mailbox,
        jobs=stored.jobs,
        partners=stored.partners,
        directory=watch.fresh,
        callers=stored.callers,
        operators=stored.operators,
        health=stored.health,
        audit=stored.audit,
        sealer=base.tools.examiner.sealer,
        indexer=base.tools.examiner.indexer,
        hasher=base.keys.hasher(),
        canonical=base.speech.canonical,
        formats={info.name: info for info in catalog.formats.values()},
        kinds={kind: info.title for kind, info in catalog.kinds.items()},
        rules=_rule_texts(base),
        proof=base.logbook.proof,
        log=LogFiles(published.checkpoint, published.file),
        checks={"store": store_answers, "broker": broker_answers},
        admit=lambda: None,
        version=__version__,
    )


def _rule_texts(base: Foundation) -> dict[str, RuleText]:
    return {
        rule.code: RuleText(
            rule.code,
            rule.title,
            rule.fix,
            rule.severity,
            rule.field_name,
            rule.source,
            (*sorted(rule.kinds), *sorted(rule.formats)),
            rule.since,
            rule.until,
        )
        for rule in base.speech.catalog.rules.values()
    }
