"""The crew: examining and composing in this process for small tasks, in worker processes for big ones.

A worker builds its own formats and opens its own copy of the keys once, from values that can be pickled.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from gateway.core.errors import Unavailable
from gateway.core.ports.crew import Composed, Composition, Examination, Examined
from gateway.crossing import PackedResult, PackedTask, pack_result, pack_task, unpack_result, unpack_task
from gateway.memory import calm_collector, give_back
from gateway.sealed_file import remove_abandoned, sealed_file
from gateway.tools import Tools, tools_from
from gateway.work.compose import Composer
from gateway.work.examine import Examiner
from keys.snapshot import KeySnapshot

log = structlog.get_logger()
S = TypeVar("S")
T = TypeVar("T")

SMALL_FRAMES = 32
"""Frames examined here at once: about 10 ms; more go to a worker."""
SMALL_BYTES = 64 * 2**10
"""Sealed bytes composed here at once; more go to a worker."""
BIG_BYTES = 2**20
"""Sealed bytes that go to a worker by themselves; more go in a file."""


@dataclass(frozen=True, slots=True)
class InlineCrew:
    """Everything in this process."""

    examiner: Examiner
    composer: Composer

    async def examine(self, task: Examination) -> tuple[Examined, ...]:
        return self.examiner.examine(task)

    async def compose(self, task: Composition) -> Composed:
        return self.composer.compose(task)

    async def close(self) -> None:
        """Nothing to close."""


class PoolCrew:
    """Small tasks here, big ones in worker processes that start when they are needed, or a little before."""

    def __init__(
        self, inline: InlineCrew, snapshot: Callable[[], KeySnapshot], processes: int, *, drafts: bool = False
    ) -> None:
        self._inline, self._snapshot, self._drafts = inline, snapshot, drafts
        self._processes = processes or max(1, (os.cpu_count() or 2) - 1)
        self._pool: ProcessPoolExecutor | None = None

    async def begin(self) -> None:
        """Remove what processes that were killed left where temporary files are."""
        if count := await asyncio.to_thread(remove_abandoned):
            log.info("crew.abandoned_files_removed", count=count)

    async def examine(self, task: Examination) -> tuple[Examined, ...]:
        if len(task.frames) <= SMALL_FRAMES:
            return await self._inline.examine(task)
        return unpack_result(await self._far(_examine, pack_task(task)))

    async def compose(self, task: Composition) -> Composed:
        size = task.claimed.weight
        if size <= SMALL_BYTES:
            return await self._inline.compose(task)
        bare = replace(task, claimed=replace(task.claimed, cargo=()))  # for the guard, which has done its work
        if size <= BIG_BYTES:
            return await self._far(_compose, bare)
        try:
            return await self._composed_from_file(bare)
        except OSError as error:
            log.error("crew.no_file", type=type(error).__name__, hint="is there room where temporary files are?")  # noqa: TRY400 - no defect, and said in words
            raise Unavailable("The sealed records cannot be handed to a worker.") from None

    async def _composed_from_file(self, task: Composition) -> Composed:
        records = task.claimed.records
        with sealed_file(records) as lent:
            await asyncio.to_thread(lent.fill, records)
            return await self._far(_compose, replace(task, claimed=replace(task.claimed, records=lent)))

    def prepare(self) -> None:
        """Big tasks are coming: start a worker now, so that it is ready when they are."""
        if self._pool is None:
            self._started().submit(_nothing)

    async def _far(self, work: Callable[[S], T], task: S) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._started(), work, task)
        except BrokenProcessPool:
            self._pool = None
            log.error("crew.worker_died")  # noqa: TRY400 - the traceback is of the pool, not of the work
            raise Unavailable("A worker process died.", code="worker-died") from None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._snapshot(), self._drafts),
            )
        return self._pool

    def renew(self) -> None:
        """After a change of keys: the next task gets workers that know the new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    async def close(self) -> None:
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)


_tools: list[Tools] = []
"""The tools of a worker process: set once when it starts, the only state that a process pool can hold."""


def _begin(snapshot: KeySnapshot, drafts: bool) -> None:  # noqa: FBT001 - a process pool passes positions
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C and a closed terminal are for the parent, which closes the pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    give_back()
    _tools.append(tools_from(snapshot, drafts=drafts))
    calm_collector()


def _end_with_parent() -> None:
    """A worker holds both ends of the pipe that its tasks come by: it would wait there for ever, with its keys, for a
    parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _nothing() -> None:
    """For a worker that only has to start."""


def _examine(task: PackedTask) -> PackedResult:
    return pack_result(_tools[0].examiner.examine(unpack_task(task)))


def _compose(task: Composition) -> Composed:
    return _tools[0].composer.compose(task)
