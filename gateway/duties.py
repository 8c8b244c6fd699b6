"""What the roles of a process do again and again: the table of their loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway.audit.stamp import roots_of
from gateway.core.errors import Misconfigured
from gateway.core.ports.signs import Sign
from gateway.cosigners import Cosigners
from gateway.court import releaser
from gateway.guarding import danger_watch, glass_watch, incident_watch
from gateway.key_rounds import KeyRounds, key_report, reindexer, rewrapper
from gateway.retaining import eraser
from gateway.settings import Role, TimestampSettings
from gateway.stamping import Authority, Stamper
from gateway.wire import wire_desk
from gateway.wiring import Gateway, seconds
from gateway.work.backlog import Backlog, BacklogLimits
from gateway.work.bulk import BulkRunner
from gateway.work.gather import Gatherer
from gateway.work.housekeeping import WINDOW, Housekeeper
from gateway.work.integrator import Integrator
from gateway.work.leadership import Leadership
from gateway.work.lookout import Lookout
from gateway.work.loops import Loop, Step
from gateway.work.patience import Patience
from gateway.work.presence import RENEWED as PRESENCE_EVERY
from gateway.work.reindex import IndexPace
from gateway.work.reroute import Rerouter
from gateway.work.retention import Rounds
from gateway.work.rewrap import Pace
from gateway.work.wire_keeper import WireKeeper

log = structlog.get_logger()

LOOKOUT = timedelta(seconds=1)
"""How soon a loop hears of what lies in the store for it."""
ANYHOW = timedelta(seconds=30)
"""How long a loop that the lookout wakes rests at most: nothing hangs on the lookout alone."""
WIRE_KEYS_EVERY = timedelta(days=1)
"""How often the end of wire keys is looked at."""
LOOK_EVERY = timedelta(seconds=30)
"""How soon a dispatcher sees to deliveries that nobody announced to it."""
CLOCK_EVERY = timedelta(seconds=60)
"""How often a process compares its clock."""
KEYS_EVERY = timedelta(seconds=30)
"""How soon a process seals with a key that another one made active."""


def loops(process: Gateway) -> list[Loop]:
    """The loops of the process's roles, and the lookout that wakes them."""
    found = _loops(process)
    wakes = {loop.sign: loop.wake for loop in found if loop.sign is not None}
    return [Loop("lookout", Lookout(process.base.stores.signs, process.base.clock, wakes).step, LOOKOUT), *found]


def _loops(process: Gateway) -> list[Loop]:
    base, stored = process.base, process.base.stores
    found = [
        Loop("directory", process.watch.refresh, ANYHOW, sign=Sign.DIRECTORY),
        Loop("protection", process.clearing.watch.refresh, ANYHOW, sign=Sign.REGISTER),
        Loop("clock", process.clock_watch.step, CLOCK_EVERY),
        Loop("keys", lambda: _take_up_keys(process), KEYS_EVERY),
    ]
    if process.roles & {Role.API, Role.CONSOLE}:
        found.append(Loop("pressure", process.pressure.step, seconds(process.settings.admission.every_seconds)))
    if Role.RELAY in process.roles:
        found.append(Loop("relay.publish", process.relay.publish, ANYHOW, wake=process.relay.wake))
        found.append(Loop("relay.sweep", process.relay.sweep, ANYHOW, sign=Sign.DUE))
    if Role.DISPATCHER in process.roles:
        found.append(Loop("presence", process.presence.step, PRESENCE_EVERY))
        found.append(Loop("dispatch.look", process.dispatcher.look, LOOK_EVERY))
        found.append(Loop("claims", process.dispatcher.renew, seconds(process.settings.work.lease_seconds / 3)))
    if Role.SCHEDULER in process.roles:
        found += _scheduled(process)
    if Role.INTEGRATOR in process.roles:
        book = base.logbook
        integrator = Integrator(
            stored.audit, book.grow, book.restore, base.clock, process.metrics.checkpoint, book.remember
        )
        leader = Leadership(stored.leases, Role.INTEGRATOR.value, process.owner, base.clock)
        if chosen := process.settings.audit.timestamps:
            found.append(Loop("timestamps", leader.only_one(_stamper(process, chosen).step), seconds(60)))
        if process.witnesses:
            asking = Cosigners(
                book, process.witnesses, process.settings.audit.witness_seconds, base.clock, process.metrics.witness
            )
            found.append(Loop("witnesses", leader.only_one(asking.step), seconds(2), sign=Sign.HEAD))
        found.append(Loop("integrator", leader.only_one(integrator.step), ANYHOW, sign=Sign.ENTRIES))
    return found


def _stamper(process: Gateway, chosen: TimestampSettings) -> Stamper:
    """Raises Misconfigured when the roots or the URL are not usable."""
    base = process.base
    try:
        roots = roots_of(chosen.roots.read_bytes())
    except OSError as error:
        raise Misconfigured(f"audit.timestamps.roots: {error.strerror}.", code="timestamp-roots") from None
    authority = Authority(chosen.url, chosen.seconds, restricted=base.settings.crypto.restricted)
    every, observe = timedelta(hours=chosen.every_hours), process.metrics.stamped
    return Stamper(base.stores.audit, base.stores.stamps, authority.ask, roots, every, base.clock, observe)


async def _take_up_keys(process: Gateway) -> bool:
    """Keys that another process made or rotated: seal with the new ones from now on."""
    before = process.base.keys.ring
    renewed = await asyncio.to_thread(process.base.tools.examiner.indexer.refresh)
    if await asyncio.to_thread(process.base.keys.reload) is not before or renewed:
        process.base.sealer.refresh()
        process.crew.renew()
        log.info("keys.changed")
    process.metrics.keys(key_report(process.base))
    return False


def _scheduled(process: Gateway) -> list[Loop]:
    base, stored, desk = process.base, process.base.stores, process.desk
    alone = Leadership(stored.leases, Role.SCHEDULER.value, process.owner, base.clock).only_one
    danger = danger_watch(base, process.watch.current)
    gatherer = Gatherer(
        stored.deliveries, process.watch.current, base.scribe, base.clock, base.mint, desk.router.bridging, danger.hurry
    )
    keeper = Housekeeper(
        stored.deliveries,
        stored.desk,
        stored.spool,
        stored.health,
        process.broker,
        base.clock,
        stored.amendments,
    )
    pace = Pace(rate=process.settings.keys.rewrap_per_second)
    wire = WireKeeper(wire_desk(base), stored.wire_payloads, base.clock, process.metrics.wire_keys)
    bulk = BulkRunner(stored.jobs, stored.desk, base.scribe, base.clock, process.watch.current, desk.router.bridging)
    rerouter = Rerouter(
        stored.records,
        desk.router,
        desk.sealer,
        base.speech.canonical,
        process.watch.current,
        desk.announce,
        process.questions,
    )
    return [
        Loop("backlog", _backlog(process).step, ANYHOW, wake=desk.received, sign=Sign.RECEIVED),
        Loop("gather", alone(gatherer.step), ANYHOW, sign=Sign.GATHERING),
        Loop("danger", alone(danger.step), seconds(300), after_fault=seconds(30)),
        Loop("glass", alone(glass_watch(base).step), seconds(60), after_fault=seconds(30)),
        Loop("incidents", alone(incident_watch(base).step), seconds(60), after_fault=seconds(30)),
        Loop("leases", keeper.release, ANYHOW, sign=Sign.EXPIRED),
        Loop("samples", alone(keeper.sample), WINDOW),
        Loop("samples.broker", alone(keeper.sample_broker), seconds(30)),
        Loop("sweep", alone(keeper.sweep), seconds(600)),
        Loop("key-rounds", alone(KeyRounds.of(base).step), seconds(60), after_fault=seconds(60)),
        Loop("rewrap", alone(rewrapper(base, pace).step), seconds(60)),
        Loop("reindex", alone(reindexer(base, IndexPace()).step), seconds(60)),
        Loop("bulk", alone(bulk.step), ANYHOW, sign=Sign.JOBS),
        *_retention(process),
        Loop("wire.keys", alone(wire.warn), WIRE_KEYS_EVERY),
        Loop("wire.figures", wire.measure, seconds(60)),  # of each process: what it told before must not stay
        Loop("wire.payloads", alone(wire.forget), seconds(60)),
        Loop("receipts", alone(process.receipts.step), ANYHOW, sign=Sign.RECEIPTS),
        *_prohibiting(process, alone),
        Loop("court-orders", alone(releaser(base, desk, process.clearing).step), seconds(5)),
        Loop("reroute", alone(rerouter.step), seconds(2)),
    ]


def _prohibiting(process: Gateway, alone: Callable[[Step], Step]) -> list[Loop]:
    """What the intake told at once is not told again."""
    prohibiting = process.desk.prohibiting
    return [] if prohibiting is None else [Loop("prohibited", alone(prohibiting.step), seconds(10))]


def _retention(process: Gateway) -> list[Loop]:
    """What is due by its age is erased when the settings say so, never by default; what the law has destroyed with its
    delivery (45 CFR 303.15(c)(8), orders of courts) goes anyhow."""
    chosen, everything = process.settings.retention, eraser(process.base)
    if chosen.enabled:
        erasing = Rounds(everything, timedelta(hours=chosen.every_hours))
    else:
        erasing = Rounds(replace(everything, only=everything.schedule.at_once), None)
    return [Loop("retention", erasing.step, seconds(60))]


def _backlog(process: Gateway) -> Backlog:
    base, desk = process.base, process.desk

    return Backlog(
        owner=process.owner,
        spool=base.stores.spool,
        patience=Patience(process.owner, base.stores.held_bodies, base.scribe, base.clock),
        formats=base.speech.formats.__getitem__,
        crew=desk.crew,
        router=desk.router,
        sealer=desk.sealer,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=process.watch.current,
        announce=desk.announce,
        whole=desk.whole,
        successions=desk.successions,
        returns=desk.returns,
        acknowledging=desk.acknowledging,
        # Renewed with every chunk; short, so that a body whose process died is soon judged on.
        limits=BacklogLimits(lease=min(BacklogLimits().lease, seconds(process.settings.work.lease_seconds))),
    )
