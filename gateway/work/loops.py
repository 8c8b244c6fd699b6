"""How a background loop runs: step, rest when there is nothing to do, survive our own outages, stop at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.core.errors import GatewayError
from gateway.core.ports.signs import Sign

log = structlog.get_logger()

SAID_AGAIN = 30
"""Of a fault that lasts, one round in so many is logged: about one a minute."""

Step = Callable[[], Awaitable[bool]]
"""One round of work; True when there may be more to do at once."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One background loop: its name for the log, its step and how long it rests."""

    name: str
    step: Step
    rest: timedelta
    """Between two rounds that found nothing."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Cuts a rest short: something of this process has made work, or the lookout has seen some in the store."""
    sign: Sign | None = None
    """What the lookout wakes it for."""
    after_fault: timedelta = timedelta(seconds=2)
    """The rest after an error of ours, which nothing cuts short."""


@dataclass(slots=True)
class _Faults:
    """Says a fault when it begins, now and then while it lasts, and when it is over: a log is read at night."""

    loop: str
    code: str = ""
    count: int = 0

    def met(self, error: GatewayError) -> None:
        if error.problem != self.code:
            self.code, self.count = error.problem, 0
        if self.count % SAID_AGAIN == 0:
            log.warning("loop.fault", loop=self.loop, code=self.code, hint=error.detail, count=self.count + 1)
        self.count += 1

    def over(self) -> None:
        if self.count:
            # Of the level of the fault: whoever reads warnings alone hears that it is over.
            log.warning("loop.recovered", loop=self.loop, code=self.code, count=self.count)
            self.code, self.count = "", 0


async def run(loop: Loop, stop: asyncio.Event) -> None:
    """Run until ``stop`` is set. An error of ours is logged and the loop goes on."""
    faults = _Faults(loop.name)
    while not stop.is_set():
        try:
            busy = await loop.step()
            faults.over()
            if busy:
                await asyncio.sleep(0)
            else:
                await _rest(loop.rest, stop, loop.wake)
        except GatewayError as error:
            faults.met(error)
            await _rest(loop.after_fault, stop)
        except Exception as error:  # noqa: BLE001 - a defect in one round must not end the loop; the type is logged, no text
            log.error("loop.defect", loop=loop.name, type=type(error).__name__)  # noqa: TRY400 - tracebacks may show data
            await _rest(loop.after_fault, stop)


async def _rest(rest: timedelta, stop: asyncio.Event, *wakes: asyncio.Event) -> None:
    """Until ``stop`` or a wake, at most so long. A wake counts once."""
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, *wakes)]
    try:
        await asyncio.wait(waits, timeout=rest.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    for wake in wakes:
        wake.clear()


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
