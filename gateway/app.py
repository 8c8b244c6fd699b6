"""The composition root: settings in, running parts out. It alone knows all others.

A process runs any set of roles. What they share lies in the store; the broker only wakes dispatchers.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from aiohttp import web

from adapters import Kit, make_adapters
from gateway import __version__
from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker
from gateway.broker.settings import RabbitSettings
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.model import AdapterName, Delivery, RuleCode
from gateway.core.ports.adapters import Adapter
from gateway.core.ports.broker import Broker
from gateway.core.ports.crew import Crew
from gateway.core.receipt import Receipts
from gateway.core.routing import Directory
from gateway.crew import InlineCrew, PoolCrew
from gateway.foundation import Foundation, SecretFolder, foundation
from gateway.settings import Listen, Role, Settings
from gateway.telemetry import Metrics
from gateway.web.api.application import api_application
from gateway.web.console.application import console_application
from gateway.web.console.settings import ConsoleSettings
from gateway.web.edge import runner
from gateway.web.limits import Limits as WebLimits
from gateway.web.metrics import RequestFigures, StoreFigures, metrics_application
from gateway.web.parts import Parts, RuleText
from gateway.work.backlog import Backlog
from gateway.work.bulk import BulkRunner
from gateway.work.directory import DirectoryWatch
from gateway.work.dispatcher import Dispatcher, DispatchLimits, Tools
from gateway.work.gather import Gatherer
from gateway.work.housekeeping import Housekeeper
from gateway.work.intake import Desk, IntakeLimits
from gateway.work.integrator import Integrator
from gateway.work.leadership import Leadership
from gateway.work.loops import Loop, run
from gateway.work.relay import Relay
from gateway.work.reroute import Rerouter
from gateway.work.route import Router
from gateway.work.settling import Settler
from gateway.work.verdict import Judge

log = structlog.get_logger()

ALL_ROLES = frozenset(Role)
GRACE = timedelta(seconds=30)
"""After a commit the process itself announces; the sweep takes over when it has not within this."""


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@dataclass(slots=True)
class Gateway:
    """The running parts of one process."""

    settings: Settings
    roles: frozenset[Role]
    base: Foundation
    broker: Broker
    crew: Crew
    watch: DirectoryWatch
    relay: Relay
    desk: Desk
    settler: Settler
    dispatcher: Dispatcher
    metrics: Metrics
    parts: Parts
    owner: str
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


@asynccontextmanager
async def gateway(settings: Settings, roles: frozenset[Role] = ALL_ROLES) -> AsyncIterator[Gateway]:
    """A process with its roles running; everything is stopped in order when the block ends."""
    grace = GRACE if Role.RELAY in roles else timedelta()
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, announce_grace=grace))
        process = build(settings, roles, base)
        stack.push_async_callback(process.crew.close)
        await process.broker.open()
        stack.push_async_callback(process.broker.close)
        await process.watch.refresh()
        await stack.enter_async_context(_working(process))
        await stack.enter_async_context(_listening(process))
        log.info("gateway.started", role=" ".join(sorted(roles)), version=__version__)
        yield process


def build(settings: Settings, roles: frozenset[Role], base: Foundation) -> Gateway:
    """Wire the parts; nothing runs yet."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    metrics = Metrics()
    broker = open_broker(settings, base)
    inline = InlineCrew(base.tools.examiner, base.tools.composer)
    crew = PoolCrew(inline, base.snapshot, settings.work.processes)
    watch = DirectoryWatch(base.stores.partners)
    relay = Relay(broker, base.stores.deliveries, base.clock)
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
    )


def _leave_to_the_relay(_deliveries: tuple[Delivery, ...]) -> None:
    """The relay runs in another process: its sweep finds what was committed."""


def _intake(
    settings: Settings,
    base: Foundation,
    crew: Crew,
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
        checks={"store": store_answers, "broker": broker_answers},
        admit=lambda: None,
        version=__version__,
    )


def _rule_texts(base: Foundation) -> dict[str, RuleText]:
    return {
        rule.code: RuleText(rule.code, rule.title, rule.fix, rule.severity, rule.field_name, rule.source)
        for rule in base.speech.catalog.rules.values()
    }


@asynccontextmanager
async def _working(process: Gateway) -> AsyncIterator[None]:
    """The background loops of the process's roles."""
    tasks = [asyncio.create_task(run(loop, process.stop), name=loop.name) for loop in loops(process)]
    if Role.RELAY in process.roles:
        told = Loop("relay.publish", process.relay.publish, seconds(1))
        tasks.append(asyncio.create_task(run(told, process.stop, process.relay.wake), name=told.name))
    settling = asyncio.create_task(process.settler.run(), name="settler")
    if Role.DISPATCHER in process.roles:
        await _dispatch(process, process.watch.current())
    process.watch.on_change.append(lambda directory: _follow(process, directory))
    try:
        yield
    finally:
        process.stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        if Role.DISPATCHER in process.roles:
            for partner in process.watch.current().partners:
                await process.broker.cancel(partner)
            await process.dispatcher.close(seconds(process.settings.work.shutdown_seconds))
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


async def _follow(process: Gateway, directory: Directory) -> None:
    """Partners changed: their queues must exist before anything is announced to them."""
    if Role.DISPATCHER in process.roles:
        await _dispatch(process, directory)
    elif Role.RELAY in process.roles:
        await process.broker.declare(tuple(directory.partners))


async def _dispatch(process: Gateway, directory: Directory) -> None:
    try:
        await process.broker.declare(tuple(directory.partners))
    except Unavailable as error:
        log.warning("broker.undeclared", code=error.problem)  # the broker declares again when it is connected
    for partner in directory.partners:
        await process.broker.consume(partner, process.dispatcher.take)


def loops(process: Gateway) -> list[Loop]:
    """The loops of the process's roles: name, step, rest."""
    base, stored = process.base, process.base.stores
    found = [Loop("directory", process.watch.refresh, seconds(2))]
    if Role.RELAY in process.roles:
        found.append(Loop("relay.sweep", process.relay.sweep, seconds(1)))
    if Role.SCHEDULER in process.roles:
        found += _scheduled(process)
    if Role.INTEGRATOR in process.roles:
        integrator = Integrator(
            stored.audit, base.logbook.grow, base.logbook.restore, base.clock, process.metrics.checkpoint
        )
        leader = Leadership(stored.leases, process.owner, base.clock)
        found.append(Loop("integrator", leader.only_one("integrator", integrator.step), seconds(0.5)))
    return found


def _scheduled(process: Gateway) -> list[Loop]:
    base, stored, desk = process.base, process.base.stores, process.desk
    alone = Leadership(stored.leases, process.owner, base.clock).only_one
    gatherer = Gatherer(stored.deliveries, process.watch.current, base.scribe, base.clock, base.mint)
    keeper = Housekeeper(stored.deliveries, stored.desk, stored.spool, stored.health, process.broker, base.clock)
    bulk = BulkRunner(stored.jobs, stored.desk, base.scribe, base.clock)
    rerouter = Rerouter(
        stored.records, desk.router, desk.sealer, base.speech.canonical, process.watch.current, desk.announce
    )
    return [
        Loop("backlog", _backlog(process).step, seconds(0.5)),
        Loop("gather", alone("gather", gatherer.step), seconds(1)),
        Loop("leases", keeper.release, seconds(5)),
        Loop("samples", alone("samples", keeper.sample), seconds(5)),
        Loop("sweep", alone("sweep", keeper.sweep), seconds(600)),
        Loop("bulk", alone("bulk", bulk.step), seconds(1)),
        Loop("reroute", alone("reroute", rerouter.step), seconds(2)),
    ]


def _backlog(process: Gateway) -> Backlog:
    base, desk = process.base, process.desk

    return Backlog(
        owner=process.owner,
        spool=base.stores.spool,
        formats=base.speech.formats.__getitem__,
        crew=process.crew,
        router=desk.router,
        sealer=desk.sealer,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=process.watch.current,
        announce=desk.announce,
    )


@asynccontextmanager
async def _listening(process: Gateway) -> AsyncIterator[None]:
    """The listeners of the process's roles, each on its own port."""
    settings = process.settings
    runners: list[web.AppRunner] = []
    registry = process.metrics.registry
    try:
        if Role.API in process.roles:
            limits = WebLimits(gzip=settings.api.gzip)
            api = api_application(process.parts, limits, RequestFigures(registry))
            await _listen(process, runners, "api", runner(api, limits, shutdown_seconds=2), settings.api)
        if Role.CONSOLE in process.roles:
            chosen = ConsoleSettings(
                environment=settings.console.environment, secure=settings.tls.certificate is not None
            )
            console = console_application(process.parts, chosen)
            made = runner(console, WebLimits(), shutdown_seconds=2)
            await _listen(process, runners, "console", made, settings.console)
        figures = metrics_application(registry, StoreFigures(process.parts, registry))
        await _listen(process, runners, "metrics", runner(figures, WebLimits()), settings.metrics)
        yield
    finally:
        await asyncio.gather(*(one.cleanup() for one in runners))


async def _listen(
    process: Gateway, runners: list[web.AppRunner], name: str, made: web.AppRunner, where: Listen
) -> None:
    context = tls(process.settings) if name != "metrics" else None
    await made.setup()
    runners.append(made)
    try:
        site = web.TCPSite(made, where.host, where.port, ssl_context=context, backlog=1024)
        await site.start()
    except OSError as error:
        raise Misconfigured(f"{name} cannot listen on {where.host}:{where.port}: {error.strerror}") from None
    port = made.addresses[0][1]
    process.addresses[name] = f"{'https' if context else 'http'}://{where.host}:{port}"
    log.info("listening", name=name, host=where.host, port=port)


def tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or later with the configured certificate; None when there is none."""
    if settings.tls.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"The TLS certificate cannot be loaded ({type(error).__name__}).") from None
    return context
