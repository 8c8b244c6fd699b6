"""One connection to RabbitMQ that comes back by itself.

Written here and not taken from the client: its own reconnection has left consumers gone and publishers hanging.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aio_pika
import structlog
from aio_pika.abc import AbstractConnection

from gateway.broker.settings import RabbitSettings
from gateway.broker.translation import meaning, translated
from gateway.core.errors import GatewayError, Misconfigured, Unavailable

log = structlog.get_logger(__name__)

Use = Callable[[AbstractConnection], Awaitable[None]]


class Link:
    """Keeps one connection up. ``prepare`` runs on every new connection before it counts as up, ``check`` every
    ``settings.watch_every``; both bring their own time-outs. When either raises, the connection is given up and made
    anew."""

    def __init__(self, name: str, settings: RabbitSettings, prepare: Use, check: Use) -> None:
        self._name, self._settings = name, settings
        self._prepare, self._check = prepare, check
        self._connection: AbstractConnection | None = None
        self._lost = asyncio.Event()
        self._tried = asyncio.Event()
        self._refused: Misconfigured | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self._connection is not None and not self._lost.is_set()

    @property
    def connection(self) -> AbstractConnection:
        """Raises Unavailable at once while there is none."""
        if self._connection is None or self._lost.is_set():
            raise Unavailable("the broker is not connected", code="broker-disconnected")
        return self._connection

    async def open(self) -> None:
        """Returns after the first try, successful or not, and goes on trying. Raises Misconfigured when the broker
        refuses us as we are configured."""
        if self._task is None:
            self._tried.clear()
            self._task = asyncio.create_task(self._stay_connected(), name=f"broker link {self._name}")
        await self._tried.wait()
        if self._refused is not None:
            await self.close()
            raise self._refused

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def drop(self) -> None:
        """Give the present connection up; a new one follows."""
        self._lost.set()

    async def _stay_connected(self) -> None:
        wait = self._settings.shortest_wait
        while True:
            try:
                await self._live()
                wait = self._settings.shortest_wait
            except GatewayError as error:
                log.warning("broker.unreachable", name=self._name, code=error.problem)
                if isinstance(error, Misconfigured) and not self._tried.is_set():
                    self._refused = error
            self._tried.set()
            await asyncio.sleep(wait.total_seconds())
            wait = min(wait * 2, self._settings.longest_wait)

    async def _live(self) -> None:
        """One connection from its first byte to its loss."""
        connection: AbstractConnection | None = None
        try:
            with translated():
                async with asyncio.timeout(self._settings.connect_timeout.total_seconds()):
                    connection = await self._connect()
                await self._prepare(connection)
            self._connection = connection
            self._refused = None
            self._tried.set()
            log.info("broker.connected", name=self._name)
            await self._watch(connection)
            log.warning("broker.lost", name=self._name)
        finally:
            self._connection = None
            if connection is not None:
                await self._discard(connection)

    async def _connect(self) -> AbstractConnection:
        self._lost.clear()
        connection = await aio_pika.connect(
            self._settings.url,
            ssl_context=self._settings.secured(),
            timeout=self._settings.connect_timeout.total_seconds(),
            heartbeat=int(self._settings.heartbeat.total_seconds()),
            client_properties={"connection_name": f"{self._settings.naming.prefix} {self._name}"},
        )
        connection.close_callbacks.add(lambda *_: self._lost.set())
        return connection

    async def _watch(self, connection: AbstractConnection) -> None:
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(self._settings.watch_every.total_seconds()):
                    await self._lost.wait()
            except TimeoutError:
                if not await self._healthy(connection):
                    return

    async def _healthy(self, connection: AbstractConnection) -> bool:
        try:
            with translated():
                await self._check(connection)
        except GatewayError as error:
            log.warning("broker.unwell", name=self._name, code=error.problem)
            return False
        return True

    async def _discard(self, connection: AbstractConnection) -> None:
        try:
            async with asyncio.timeout(self._settings.connect_timeout.total_seconds()):
                await connection.close()
        except Exception as error:
            # It is being thrown away: whatever the client says of a connection that died is expected.
            if meaning(error) is None:
                raise
