"""Kept connections to one place: made when none is free, reused while young, closed when idle."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field

from adapters.exchange import Answer, Connection, ConnectionTimeout, Request
from adapters.reach import Resolver, reached

KEEPALIVE_SECONDS = 4.0
"""Shorter than common servers' five seconds: a POST on a connection that is just being closed is a failed attempt."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where connections go, and how long they may take to come about."""

    host: str
    port: int
    tls: ssl.SSLContext | None = field(repr=False)
    connect_seconds: float


class Connections:
    """The connections to one place."""

    def __init__(self, place: Place, resolver: Resolver) -> None:
        self._place, self._resolver = place, resolver
        self._idle: deque[tuple[float, Connection]] = deque()
        """Since when, the youngest last."""
        self._sweep: asyncio.TimerHandle | None = None

    async def exchange(self, request: Request) -> Answer:
        """One exchange on a free or a new connection. Raises what :meth:`Connection.exchange` raises, AddressRefused
        and the like from the resolver, NotResolved, Unreachable, ConnectionTimeout and ssl.SSLError."""
        connection = self._free() or await self._made()
        answer = await connection.exchange(request)
        if connection.reusable:
            self._keep(connection)
        return answer

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for _, connection in self._idle:
            connection.abort()
        self._idle.clear()

    def _free(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, connection = self._idle.pop()
            if connection.open and now - since < KEEPALIVE_SECONDS:
                return connection
            connection.abort()
        return None

    def _keep(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), connection))
        if self._sweep is None:
            self._sweep = loop.call_later(KEEPALIVE_SECONDS, self._close_old)

    def _close_old(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - KEEPALIVE_SECONDS
        while self._idle and (self._idle[0][0] <= oldest or not self._idle[0][1].open):
            self._idle.popleft()[1].abort()
        self._sweep = loop.call_later(KEEPALIVE_SECONDS, self._close_old) if self._idle else None

    async def _made(self) -> Connection:
        try:
            async with asyncio.timeout(self._place.connect_seconds):
                return await self._connect()
        except TimeoutError as error:
            raise ConnectionTimeout from error

    async def _connect(self) -> Connection:
        place, loop = self._place, asyncio.get_running_loop()
        joined = await reached(place.host, place.port, self._resolver)
        name = place.host if place.tls is not None else None
        connection = Connection()
        try:
            await loop.create_connection(lambda: connection, sock=joined, ssl=place.tls, server_hostname=name)
        except BaseException:
            # Called off just when it came about, TLS would wait for the partner's farewell on a socket that is closed,
            # whose number the next connection gets.
            connection.abort()
            joined.close()
            raise
        return connection
