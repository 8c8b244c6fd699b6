"""A TCP proxy on loopback that can cut, delay, refuse and half-close what runs through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BLOCK = 64 * 1024


class Proxy:
    """Forwards connections to ``target``, a port on this machine. Faults hold for pieces that come later."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay = 0.0
        """Seconds before each piece to the server."""
        self.cut_answers_after: int | None = None
        """Bytes of answers that get through before both sides are cut; None: all."""
        self.connections = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def busy(self) -> bool:
        """Whether something is connected."""
        return bool(self._open)

    async def refuse(self) -> None:
        """Close the port: further connections are refused, open ones cut."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in self._open:
            writer.transport.abort()

    async def half_close(self) -> None:
        """Tell the clients that nothing more comes, while their own side stays open."""
        for writer in list(self._open):
            if writer.can_write_eof():
                with contextlib.suppress(OSError):
                    writer.write_eof()

    async def stop(self) -> None:
        await self.refuse()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._open.add(writer)
        try:
            behind, ahead = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(ahead)
        try:
            await asyncio.gather(self._requests(reader, ahead), self._answers(behind, writer))
        except OSError:
            pass  # one side is gone; the other follows
        finally:
            for one in (writer, ahead):
                self._open.discard(one)
                one.transport.abort()

    async def _requests(self, reader: asyncio.StreamReader, ahead: asyncio.StreamWriter) -> None:
        while piece := await reader.read(BLOCK):
            if self.delay:
                await asyncio.sleep(self.delay)
            ahead.write(piece)
            await ahead.drain()
        if ahead.can_write_eof():
            ahead.write_eof()

    async def _answers(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await behind.read(BLOCK):
            if self.cut_answers_after is not None:
                writer.write(piece[: self.cut_answers_after])
                await writer.drain()
                raise ConnectionResetError
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@asynccontextmanager
async def proxy(port: int) -> AsyncIterator[Proxy]:
    """A running proxy in front of ``port``."""
    made = Proxy(port)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
