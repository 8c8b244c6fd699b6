"""The wire below the applications: time-outs of connections, size of headers, and what answers bytes that are not HTTP.

``runner(application, limits)`` runs any of our applications under these limits.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.web import problems
from gateway.web.limits import Limits

_log = structlog.get_logger()
_BAD_REQUEST = 400
_TOO_MANY = "Too many headers received"
"""How aiohttp's parsers say so."""
_TELL_EVERY = 60.0
_NETWORK = 64


class Crowd:
    """The open connections of one listener, by address. Turning away is told once a minute."""

    def __init__(self, limits: Limits) -> None:
        self._most, self._most_each = limits.connections, limits.connections_each
        self._of: dict[str, int] = {}
        self._open = self._refused = 0
        self._told_at: float | None = None

    def enters(self, address: str) -> str | None:
        """The address as it counts; None when there is no room for it."""
        if self._open >= self._most or self._of.get(address, 0) >= self._most_each:
            self._tell()
            return None
        self._open += 1
        self._of[address] = self._of.get(address, 0) + 1
        return address

    def leaves(self, address: str) -> None:
        self._open -= 1
        left = self._of.pop(address) - 1
        if left:
            self._of[address] = left

    def _tell(self) -> None:
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if self._told_at is None or now - self._told_at >= _TELL_EVERY:
            _log.warning("connections.refused", count=self._refused, size=self._open)
            self._told_at, self._refused = now, 0


def _address(transport: asyncio.BaseTransport) -> str:
    """Where it comes from, without the port; an IPv6 network of 64 bits is one place."""
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, tuple):
        return ""
    host = str(peer[0])
    return f"{int(IPv6Address(host.partition('%')[0])) >> _NETWORK:x}" if ":" in host else host


class Connection(RequestHandler):
    """One connection: closes when a request's headers take too long, and never quotes what it could not read."""

    __slots__ = ("_counted", "_crowd", "_deadline", "_field_bytes", "_header_seconds", "_seen")

    def __init__(self, server: web.Server, limits: Limits, crowd: Crowd, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(server, **options)
        self._header_seconds, self._field_bytes = limits.header_seconds, limits.field_bytes
        self._crowd = crowd
        self._counted: str | None = None
        """The address under which the connection counts; None: it does not."""
        self._deadline: asyncio.TimerHandle | None = None
        self._seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._counted = self._crowd.enters(_address(transport))
        if self._counted is None:
            self.force_close()
        else:
            self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Headers are complete when aiohttp has counted another request; bytes of an idle connection begin one."""
        super().data_received(data)
        if self._request_count != self._seen:
            self._seen = self._request_count
            self._headers_came()
        elif self._idle and self._deadline is None:
            self._wait_for_headers()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._headers_came()
        if self._counted is not None:
            self._crowd.leaves(self._counted)
            self._counted = None
        super().connection_lost(exc)

    @property
    def _idle(self) -> bool:
        """Whether the connection waits for a request: bytes of a body that still comes are no headers."""
        return self._waiter is not None and not self._waiter.done()

    def _wait_for_headers(self) -> None:
        self._deadline = self._loop.call_later(self._header_seconds, self._too_slow)

    def _headers_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._idle:
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's text quotes the bytes it could not read
    ) -> web.StreamResponse:
        """The problem document, and a log line without a byte of the request."""
        if request.writer.output_size > 0:
            raise ConnectionError
        wrong = _BAD_REQUEST <= status < problems.PROBLEMS["internal"].status
        _log.warning("request.unreadable" if wrong else "request.defect", status=status, type=type(exc).__name__)
        instance = problems.of_parse_error(self._unread(exc)) if wrong else problems.of_defect()
        response = instance.response(None)
        response.force_close()
        return response

    def _unread(self, error: BaseException | None) -> str:
        """Which problem it is that the parser could not read on. It tells what was too long by the limit alone."""
        if isinstance(error, LineTooLong):
            return "header-fields-too-large" if error.args[1] == self._field_bytes else "target-too-long"
        many = isinstance(error, BadHttpMessage) and error.message == _TOO_MANY
        return "header-fields-too-large" if many else "invalid-http"


class _Server(web.Server):
    """Makes our connections."""

    def __init__(self, plain: web.Server, limits: Limits, options: dict[str, Any]) -> None:
        super().__init__(plain.request_handler, request_factory=plain.request_factory)
        self._limits, self._options, self._crowd = limits, options, Crowd(limits)

    def __call__(self) -> RequestHandler:
        return Connection(self, self._limits, self._crowd, loop=self._loop, **self._options)


class _Runner(web.AppRunner):
    """An AppRunner whose server makes our connections."""

    __slots__ = ("_limits",)

    def __init__(self, application: web.Application, limits: Limits, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(application, **options)
        self._limits = limits

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return _Server(plain, self._limits, self._kwargs)


def runner(application: web.Application, limits: Limits, *, shutdown_seconds: float = 10.0) -> web.AppRunner:
    """A runner for the application: no access log (events are logged where they mean something), no decompression
    (``gateway.web.api.bodies`` decides that), bounded headers."""
    return _Runner(
        application,
        limits,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=limits.idle_seconds,
        lingering_time=limits.lingering_seconds,
        max_line_size=limits.line_bytes,
        max_field_size=limits.field_bytes,
        max_headers=limits.header_count,
        shutdown_timeout=shutdown_seconds,
    )
