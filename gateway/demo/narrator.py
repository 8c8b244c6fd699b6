"""Tells what happens in plain sentences and keeps count of what was expected and did not hold."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

Condition = Callable[[], bool | Awaitable[bool]]
PATIENCE_SECONDS = 30.0


class Narrator:
    def __init__(self) -> None:
        self.failed: list[str] = []

    def say(self, sentence: str) -> None:
        print(sentence, flush=True)

    def expect(self, sentence: str, held: bool) -> None:  # noqa: FBT001 - the sentence names the condition
        """State a fact; a cross marks one that does not hold."""
        self.say(f"  {'ok  ' if held else 'FAIL'} {sentence}")
        if not held:
            self.failed.append(sentence)

    async def soon(self, sentence: str, condition: Condition, patience: float = PATIENCE_SECONDS) -> None:
        """State a fact that becomes true within a while."""
        ends = time.monotonic() + patience
        held = False
        while not held and time.monotonic() < ends:
            found = condition()
            held = found if isinstance(found, bool) else await found
            if not held:
                await asyncio.sleep(0.1)
        self.expect(sentence, held)

    def verdict(self) -> bool:
        if self.failed:
            print(f"{len(self.failed)} expectations did not hold.", file=sys.stderr)
        else:
            self.say("Every expectation held.")
        return not self.failed
