"""How a background loop runs: step, rest when there is nothing to do, survive our own outages, stop at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.core.errors import GatewayError

log = structlog.get_logger()

Step = Callable[[], Awaitable[bool]]
"""One round of work; True when there may be more to do at once."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One background loop: its name for the log, its step and how long it rests."""

    name: str
    step: Step
    rest: timedelta
    """Between two rounds that found nothing."""
    slowest: timedelta = timedelta()
    """While nothing is found the rest doubles up to this, so that an idle process costs little; less than ``rest``:
    it stays."""
    wake: asyncio.Event | None = None
    """Cuts a rest short: something of this process has made work."""
    after_fault: timedelta = timedelta(seconds=2)


async def run(loop: Loop, stop: asyncio.Event, wake: asyncio.Event | None = None) -> None:
    """Run until ``stop`` is set. ``wake`` cuts a rest short. An error of ours is logged and the loop goes on."""
    wake = wake or loop.wake
    quiet = loop.rest
    while not stop.is_set():
        try:
            busy = await loop.step()
            rest = timedelta() if busy else quiet
            quiet = loop.rest if busy else max(loop.rest, min(2 * quiet, loop.slowest))
        except GatewayError as error:
            log.warning("loop.fault", loop=loop.name, code=error.problem)
            rest = loop.after_fault
        except Exception as error:  # noqa: BLE001 - a defect in one round must not end the loop; the type is logged, no text
            log.error("loop.defect", loop=loop.name, type=type(error).__name__)  # noqa: TRY400 - tracebacks may show data
            rest = loop.after_fault
        if rest:
            if await _rest(rest, stop, wake):
                quiet = loop.rest
        else:
            await asyncio.sleep(0)


async def _rest(rest: timedelta, stop: asyncio.Event, wake: asyncio.Event | None) -> bool:
    """True when it was cut short."""
    events = [stop] if wake is None else [stop, wake]
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=rest.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if wake is not None:
        wake.clear()
    return bool(done)


async def ended(tasks: Collection[asyncio.Task[None]], patience: timedelta) -> None:
    """Let loops end the step that they are at; what takes longer than ``patience`` is called off. Steps may be cut off
    anywhere: a process may die in the middle of one as well."""
    if tasks:
        await asyncio.wait(tasks, timeout=patience.total_seconds())
    for task in tasks:
        if not task.done():
            log.warning("loop.called_off", loop=task.get_name())
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
