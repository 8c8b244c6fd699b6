"""Bare servers on loopback, for what a proper one would not do, and the end of bare connections.

A loop ends with its test. A connection that still waits for its buffer to be taken, or for the other side's farewell
under TLS, is collected some time later, in a test that has nothing to do with it: here it is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A free port on which ``talk`` speaks with each connection; no connection outlives it."""
    met: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        met[task] = writer
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in met:
            task.cancel()
        await asyncio.gather(*met, return_exceptions=True)
        await cut(*(writer.transport for writer in met.values()))


async def cut(*transports: asyncio.WriteTransport) -> None:
    """End connections without a farewell."""
    for transport in transports:
        with contextlib.suppress(AttributeError):  # Python 3.11.2, where TLS has come to its end by itself
            transport.abort()
    await asyncio.sleep(0)  # the turn in which their sockets are closed
