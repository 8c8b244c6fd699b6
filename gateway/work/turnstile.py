"""A turnstile: of those who come in one burst, a few go on between two looks at the event loop.

Without one, 64 records that came together are all judged before anybody looks whether the commit of the first is done:
one record is committed alone, all others after it, and while they are, nothing is left to judge.
"""

from __future__ import annotations

import asyncio
from collections import deque

AT_ONCE = 4
"""About 2 ms of judging single records: little beside a commit, much beside a turn of the event loop."""


class Turnstile:
    """Lets :data:`AT_ONCE` callers pass in each turn of the event loop, in the order in which they came."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._renewing = False

    async def go_through(self) -> None:
        """Return in this turn of the event loop or in a later one."""
        loop = asyncio.get_running_loop()
        if not self._renewing:
            self._renewing = True
            loop.call_soon(self._renew)
        if self._left and not self._waiting:
            self._left -= 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _renew(self) -> None:
        self._left = self._at_once
        while self._left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # whoever was called off takes nobody's turn
                turn.set_result(None)
                self._left -= 1
        self._renewing = self._left < self._at_once
        if self._renewing:
            asyncio.get_running_loop().call_soon(self._renew)
