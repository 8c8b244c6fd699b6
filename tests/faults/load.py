"""A sender under faults: posts single records, repeats what was not answered, and keeps account of every 202."""

from __future__ import annotations

import asyncio
import itertools

import aiohttp

from tests.faults.tally import Tally
from tests.journeys import samples
from tests.journeys.site import Answer, Api

PACE_SECONDS = 0.03
AGAIN_SECONDS = 0.1
TROUBLE = (aiohttp.ClientError, TimeoutError, ConnectionError)


class Load:
    """``senders`` posts at a time. Every record keeps its key and its bytes until it is answered for good."""

    def __init__(self, client: Api, senders: int = 6) -> None:
        self.tally = Tally()
        self.refused: list[Answer] = []
        self._client, self._senders = client, senders
        self._numbers = itertools.count()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._send()) for _ in range(self._senders)]

    async def stop(self) -> None:
        """Every record that was begun gets its answer first."""
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _send(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            await self._post(samples.serial(number), samples.csenet(number))
            await asyncio.sleep(PACE_SECONDS)

    async def _post(self, serial: bytes, body: bytes) -> None:
        self.tally.posted.add(serial)
        while True:
            try:
                answer = await asyncio.wait_for(
                    self._client.submit("ohio", "csenet", body, f"load-{serial.decode()}"), timeout=5
                )
            except TROUBLE:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if answer.status == 202 and answer.json["counts"]["accepted"] == 1:
                self.tally.accepted[serial] = self.tally.crashes
                return
            if answer.status != 503:
                self.refused.append(answer)
                return
            await asyncio.sleep(AGAIN_SECONDS)
