"""A little traffic: one new case transaction every few seconds, so that the console has something to show."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count

from gateway.core.errors import GatewayError
from gateway.demo.world import World, examples

PAUSE_SECONDS = (0.5, 3.0)
SERIAL = slice(17, 29)
"""Bytes of the serial number in a CSENet transaction (header 18 to 29)."""
FIRST_SERIAL = 900_000_000_000


async def trickle(world: World, stop: asyncio.Event) -> None:
    """Post transactions of the example file under new serial numbers until stopped."""
    lines = [line for line in (examples() / "ohio-to-neighbours.csenet").read_bytes().splitlines() if line]
    dice = random.Random(7)  # noqa: S311 - which example comes next is no secret
    for number in count(FIRST_SERIAL):
        line = dice.choice(lines)
        body = line[: SERIAL.start] + str(number).encode() + line[SERIAL.stop :] + b"\r"
        headers = {"Idempotency-Key": f'"trickle-{number}"'}
        with suppress(GatewayError):
            await asyncio.to_thread(world.clients["ohio"].send, "POST", "/v1/submissions?format=csenet", body, headers)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), dice.uniform(*PAUSE_SECONDS))
            return
