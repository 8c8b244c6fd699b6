"""Kept connections to one place: made when none is free, reused while young, closed when idle."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import aiohappyeyeballs
from aiohttp.abc import ResolveResult

from adapters.exchange import Answer, Connection, ConnectionTimeout, Request

KEEPALIVE_SECONDS = 4.0
"""Shorter than common servers' five seconds: a POST on a connection that is just being closed is a failed attempt."""
NEXT_ADDRESS_SECONDS = 0.25
"""RFC 8305: how long one address of a name is tried before the next one is tried beside it."""


class Resolver(Protocol):
    """Addresses of a name. Raises OSError."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Sequence[ResolveResult]: ...


class NotResolved(OSError):
    """The name has no address."""


class Unreachable(OSError):
    """No address of the name takes a connection."""


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
        try:
            found = await self._resolver.resolve(place.host, place.port)
        except socket.gaierror as error:
            raise NotResolved from error
        try:
            joined = await aiohappyeyeballs.start_connection(
                [_address(one) for one in found], happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, loop=loop
            )
        except OSError as error:
            raise Unreachable from error
        joined.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = place.host if place.tls is not None else None
        try:
            _, connection = await loop.create_connection(Connection, sock=joined, ssl=place.tls, server_hostname=name)
        except BaseException:
            joined.close()
            raise
        return connection


def _address(found: ResolveResult) -> aiohappyeyeballs.AddrInfoType:
    """As ``getaddrinfo`` would say it; only literal addresses come here."""
    where = (found["host"], found["port"])
    if found["family"] == socket.AF_INET6:
        return found["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (*where, 0, 0)
    return found["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where
