"""Files on a partner's SFTP server: written in blocks, and put in the place of an older one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

import asyncssh

BLOCK = 32 * 1024
REQUESTS = 32
"""Writes under way at a time; with ``BLOCK`` this bounds what a slow server makes us hold."""
CLEANING_SECONDS = 1


async def write(files: asyncssh.SFTPClient, path: str, body: bytes) -> int | None:
    """Fill a new file; the size that the server then sees."""
    file = await files.open(path, "wb", block_size=0)
    try:
        await _fill(file, body)
        with contextlib.suppress(asyncssh.SFTPOpUnsupported):
            await file.fsync()
        size = (await file.stat()).size
    except BaseException:
        # A server that hangs must not make the farewell hang as well.
        await quietly(file.close())
        raise
    await file.close()
    return size


async def _fill(file: asyncssh.SFTPClientFile, body: bytes) -> None:
    """Write in blocks, some of them under way at a time. asyncssh would do that, too, but where it is called off it
    leaves its writes to themselves, and each ends with a traceback in the log."""
    starts = range(0, len(body), BLOCK)
    left = iter(starts)

    async def some() -> None:
        for start in left:
            await file.write(body[start : start + BLOCK], start)

    try:
        async with asyncio.TaskGroup() as writes:
            for _ in starts[:REQUESTS]:
                writes.create_task(some())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def replace(files: asyncssh.SFTPClient, old: str, new: str) -> None:
    """Give the file its name, in the place of one that has it."""
    try:
        await files.posix_rename(old, new)
    except asyncssh.SFTPOpUnsupported:
        # Such a server cannot replace in one step. The file of an earlier attempt has the same bytes.
        with contextlib.suppress(asyncssh.SFTPNoSuchFile):
            await files.remove(new)
        await files.rename(old, new)


async def quietly(farewell: Awaitable[None]) -> None:
    """What is done after a failure may fail too, and may not take long."""
    with contextlib.suppress(asyncssh.Error, OSError):
        async with asyncio.timeout(CLEANING_SECONDS):
            await farewell
