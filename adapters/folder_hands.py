"""Threads that write into one directory. A file system that hangs keeps those that use it, and nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

HANDS = 8
"""Threads that write into one directory."""
FAREWELL_SECONDS = 1
"""What is called off may take this long to tidy up."""

Write = Callable[[threading.Event], None]
"""Blocking; once the event is set it gives no file its final name any more."""


class Hands:
    """Of one directory, up to so many at a time. The process ends without those that hang: they are daemons."""

    def __init__(self, count: int = HANDS) -> None:
        self._free = asyncio.Semaphore(count)
        self._written: set[Path] = set()

    async def write(self, path: Path, work: Write, seconds: float) -> None:
        """Do the work, which writes ``path``. Raises what it raises, and TimeoutError when that takes longer, the wait
        for a thread included, or when earlier work on the same path still hangs: it must not run beside this one."""
        async with asyncio.timeout(seconds):
            if path in self._written:
                raise TimeoutError
            await self._free.acquire()
            off = threading.Event()
            done = _in_thread(partial(work, off))
            self._written.add(path)
            done.add_done_callback(partial(self._ended, path))
            try:
                await asyncio.shield(done)
            except asyncio.CancelledError:
                off.set()
                await asyncio.wait([done], timeout=FAREWELL_SECONDS)
                raise

    def _ended(self, path: Path, done: asyncio.Future[None]) -> None:
        self._written.discard(path)
        self._free.release()
        if not done.cancelled():
            done.exception()  # nobody may wait for it any more, and that is no news


def _in_thread(work: Callable[[], None]) -> asyncio.Future[None]:
    """Not of a pool: the interpreter would wait at its end for threads that never come back."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        failed: BaseException | None = None
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where somebody waits
            failed = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, failed)

    threading.Thread(target=run, name="folder", daemon=True).start()
    return done
