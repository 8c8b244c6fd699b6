"""The story of the demonstration, chapter by chapter; every chapter checks what it says."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from gateway.demo import evidence, outages, posting, receiving, trust
from gateway.demo.narrator import Narrator
from gateway.demo.trickle import trickle
from gateway.demo.world import LOGINS, Wishes, World, open_world
from gateway.telemetry import configure_logs

QUIET = 50
"""Log level of the demonstration: its own sentences are enough."""


async def tell(wishes: Wishes) -> bool:
    """Run the demonstration; True when every expectation held."""
    configure_logs(json=False, level=QUIET)
    narrator = Narrator()
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as folder:
        async with AsyncExitStack() as stack:
            down = stack.enter_context(_closed_port())
            world = await open_world(stack, wishes, Path(folder), down)
            _introduce(narrator, world)
            await _chapters(narrator, world)
            held = narrator.verdict()
            if not wishes.once:
                await _stay(narrator, world)
    return held


def end_as_by_ctrl_c() -> None:
    """Who terminates the demonstration or closes its terminal ends it in order, as Ctrl-C does: its folder has keys.
    What keeps a process when its terminal is closed (``nohup``) still does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


@contextmanager
def _closed_port() -> Iterator[int]:
    """A port on which nobody listens: the partner that stays down. Bound meanwhile, so that nobody else takes it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def _introduce(narrator: Narrator, world: World) -> None:
    narrator.say("The gateway runs, with synthetic partners and people who never existed.")
    narrator.say(f"  console  {world.process.addresses['console']}")
    narrator.say(f"  api      {world.process.addresses['api']}/docs")
    for name, role, _ in LOGINS:
        narrator.say(f"  login    {name} / {world.passwords[name]} ({role})")


async def _chapters(narrator: Narrator, world: World) -> None:
    world.neighbours.answers |= {"michigan": 503, "texas": 422}
    posted = await posting.good_files(narrator, world)
    await posting.faulty_files(narrator, world)
    await posting.repeats(narrator, world, posted["ohio-to-michigan.csenet"])
    await outages.recovery(narrator, world)
    await outages.dead_letters(narrator, world)
    await outages.staying_down(narrator, world)
    await outages.undecided(narrator, world)
    await receiving.subscribers(narrator, world)
    await receiving.mailbox(narrator, world)
    await receiving.question(narrator, world)
    await trust.withheld(narrator, world)
    await evidence.checked(narrator, world, posted["ohio-to-michigan.csenet"])


async def _stay(narrator: Narrator, world: World) -> None:
    """A trickle of traffic until somebody stops it."""
    narrator.say("")
    narrator.say(f"A little traffic goes on. Open {world.process.addresses['console']} and look around; Ctrl-C ends.")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    traffic = asyncio.create_task(trickle(world, stop))
    await stop.wait()
    traffic.cancel()
    await asyncio.gather(traffic, return_exceptions=True)
    narrator.say("Stopped.")
