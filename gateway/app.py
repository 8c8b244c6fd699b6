"""The composition root: settings in, running parts out. It alone knows all others.

A process runs any set of roles. What they share lies in the store; the broker only wakes dispatchers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import structlog

from gateway import __version__
from gateway.core.errors import GatewayError, Tampered, Unavailable
from gateway.core.model import Actor
from gateway.core.routing import Directory
from gateway.duties import loops
from gateway.fips import refuse_unfit_parties, warn
from gateway.foundation import Foundation, foundation
from gateway.listening import listening
from gateway.policies import note_policies
from gateway.settings import Role, Settings
from gateway.wiring import Gateway, build, seconds
from gateway.work.loops import ended, run

log = structlog.get_logger()

ALL_ROLES = frozenset(Role)


@asynccontextmanager
async def gateway(settings: Settings, roles: frozenset[Role] = ALL_ROLES) -> AsyncIterator[Gateway]:
    """A process with its roles running; everything is stopped in order when the block ends."""
    # After a commit the process itself announces; the sweep takes over when it has not within this.
    grace = seconds(settings.work.announce_again_seconds / 2) if Role.RELAY in roles else timedelta()
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, announce_grace=grace, warm=True))
        await _complete_keys(base)
        process = build(settings, roles, base)
        stack.push_async_callback(process.crew.close)
        await process.crew.begin()
        for witness in process.witnesses:
            stack.callback(witness.close)
        stack.push_async_callback(process.queries.close)
        await process.clock_watch.begin()
        await process.broker.open()
        stack.push_async_callback(process.broker.close)
        await process.watch.refresh()
        await process.clearing.watch.refresh()
        directory = process.watch.current()
        refuse_unfit_parties(settings, directory.partners.values(), await base.stores.operators.list())
        warn(settings)
        if Role.INTEGRATOR in roles:
            await _examine_log(base)
            await note_policies(base.stores.audit, base.scribe, base.policies.editions, base.policies.signers)
        await stack.enter_async_context(_working(process))
        await stack.enter_async_context(listening(process))
        log.info("gateway.started", role=" ".join(sorted(roles)), version=__version__)
        yield process


async def _complete_keys(base: Foundation) -> None:
    """Keys that a newer version needs are made when it starts first."""
    for made in base.keys.complete():
        entry = base.scribe.entry(Actor("gateway", "keys"), "key.created", f"key:{made.id}")
        await base.stores.audit.write([entry])
        log.info("key.created", id=made.id)
    base.sealer.refresh()


async def _examine_log(base: Foundation) -> None:
    """Nothing starts on a log that was set back or rewritten: what it signed next would contradict what it signed."""
    try:
        await base.logbook.examine()
    except Tampered as alarm:
        log.error("log.tampered", code=alarm.problem)  # noqa: TRY400 - an alarm, not a defect
        raise


@asynccontextmanager
async def _working(process: Gateway) -> AsyncIterator[None]:
    """The background loops of the process's roles."""
    tasks = [asyncio.create_task(run(loop, process.stop), name=loop.name) for loop in loops(process)]
    settling = asyncio.create_task(process.settler.run(), name="settler")
    if Role.DISPATCHER in process.roles:
        await process.presence.step()
    await _follow(process, process.watch.current())
    process.watch.on_change.append(lambda directory: _follow(process, directory))
    try:
        yield
    finally:
        process.stop.set()
        patience = seconds(process.settings.work.shutdown_seconds)
        # At the same time: a long step must not keep deliveries claimed until somebody kills the process.
        await asyncio.gather(ended(tasks, patience), _stop_dispatching(process, patience))
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


async def _stop_dispatching(process: Gateway, patience: timedelta) -> None:
    if Role.DISPATCHER in process.roles:
        for partner in process.watch.current().partners:
            await process.broker.cancel(partner)
        await process.dispatcher.close(patience)
        with suppress(GatewayError):
            await process.presence.leave()


async def _follow(process: Gateway, directory: Directory) -> None:
    """With the partners of now: their queues must exist before anything is announced to them."""
    if Role.DISPATCHER in process.roles:
        await _dispatch(process, directory)
    elif Role.RELAY in process.roles:
        await _declare(process, directory)


async def _dispatch(process: Gateway, directory: Directory) -> None:
    await _declare(process, directory)
    for partner in directory.partners:
        await process.broker.consume(partner, process.dispatcher.take)


async def _declare(process: Gateway, directory: Directory) -> None:
    """While the broker is away it keeps the wish and declares when it is connected."""
    try:
        await process.broker.declare(tuple(directory.partners))
    except Unavailable as error:
        log.warning("broker.undeclared", code=error.problem)
