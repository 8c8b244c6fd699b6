"""The announcements that are being worked on right now."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Flight:
    """Tasks that end by themselves, are waited for, or are called off."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait for all of them, but for the one that asks."""
        await self._gather()

    async def stop(self) -> None:
        """Cancel all of them, but for the one that asks, and wait until they are gone."""
        for task in self._others():
            task.cancel()
        await self._gather()

    def _others(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if task is not asyncio.current_task()]

    async def _gather(self) -> None:
        await asyncio.gather(*self._others(), return_exceptions=True)
