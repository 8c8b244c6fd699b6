"""One HTTP/1.1 exchange (RFC 9112) over a connection: a request goes out, its answer is read to a bound.

The client library of aiohttp costs more processor time for a delivery than everything else that the gateway does with
it; a delivery needs none of its redirects, cookies, sessions and decoders. The parser is llhttp (``httptools``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gateway.core.swift import swift

HEAD_LIMIT = 64 * 1024
"""Bytes of an answer that may come without any of its body: before it, after it, or between two pieces of it."""
SLICE = 64 * 1024
"""Bytes of a request handed to the transport between two looks at whether the partner takes them."""


class Broken(Exception):
    """The partner's bytes are no HTTP/1.1 answer."""


class ClosedEarly(ConnectionError):
    """The connection ended before the answer did."""


class ConnectionTimeout(TimeoutError):
    """No connection came about in time."""


@swift
class Request:
    """One POST. ``head`` is the request line and all fields, with the empty line that ends them."""

    head: bytes = field(repr=False)
    body: bytes = field(repr=False)
    answer_limit: int
    """Bytes of the answer's body that are read; what follows is not waited for."""


@swift
class Answer:
    """What came back: status, fields by lower-case name (the last of several), and the body's first bytes."""

    status: int
    fields: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    early: bool
    """It came before the request was written to its end."""
    whole: bool = True
    """The body is all of it."""

    def header(self, name: str, default: str = "") -> str:
        return self.fields.get(name.lower(), default)


class Connection(asyncio.Protocol):
    """A connection to a partner, for one exchange at a time. Implements the callbacks of ``httptools``."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[Answer] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed: BaseException | None = None
        self._sent = self._in_body = self._ended = self._excess = False
        self.reusable = False
        """Whether another exchange may follow."""

    async def exchange(self, request: Request) -> Answer:
        """Send and read. Raises ClosedEarly, Broken and OSError; whatever ends it otherwise than by an answer, the
        connection is of no further use."""
        if self._transport is None or self._closed is not None:
            raise ClosedEarly from self._closed
        self._begin(request.answer_limit)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answered = answered
        try:
            if len(request.body) <= SLICE:
                self._transport.write(request.head + request.body)
                self._sent = True
            else:
                await self._write(request, answered)
            return await answered
        finally:
            self._answered = None
            if not self.reusable:
                self.abort()

    def _begin(self, limit: int) -> None:
        self._limit = limit
        self._parser = HttpResponseParser(self)
        self._fields: dict[str, str] = {}
        self._body = bytearray()
        self._bodiless = 0
        self._in_body = self._sent = self._ended = self._excess = self.reusable = False

    async def _write(self, request: Request, answered: asyncio.Future[Answer]) -> None:
        """A big body slice by slice, at the pace of the partner, who may answer before its end."""
        transport = self._transport
        assert transport is not None  # noqa: S101 - exchange() has looked
        transport.write(request.head)
        view = memoryview(request.body)
        for start in range(0, len(view), SLICE):
            await self._writable.wait()
            if answered.done():
                return
            transport.write(view[start : start + SLICE])
        await self._writable.wait()
        self._sent = not answered.done()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    @property
    def open(self) -> bool:
        return self._transport is not None and self._closed is None and not self._transport.is_closing()

    # --- asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a stream's transport, as protocols are given

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._answered.done():
            self.reusable = False  # Nobody asked for this.
            self.abort()
            return
        self._bodiless += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):  # nobody asked for another protocol
            self._fail(Broken())
            return
        if self._bodiless > HEAD_LIMIT:
            self._fail(Broken())

    def eof_received(self) -> None:
        """The transport closes itself."""

    def connection_lost(self, error: Exception | None) -> None:
        self._closed = error or ClosedEarly()
        self._writable.set()
        self.reusable = False
        if self._in_body and self._ends_with_connection():
            self._finish()
        else:
            self._fail(ClosedEarly())

    def _ends_with_connection(self) -> bool:
        """RFC 9112, section 6.3: neither length nor chunks."""
        return "content-length" not in self._fields and "transfer-encoding" not in self._fields

    def _fail(self, error: Exception) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)
        self.abort()

    def _finish(self) -> None:
        if self._answered is not None and not self._answered.done():
            status = self._parser.get_status_code()
            body, whole = bytes(self._body[: self._limit]), len(self._body) <= self._limit
            self._answered.set_result(Answer(status, self._fields, body, not self._sent, whole))
        if not self._sent:
            self._writable.set()

    # --- httptools -------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A message after the answer is one that nobody asked for: it must not pass for the next one's."""
        if self._ended:
            self._excess = True
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:  # A trailer, or of a message that nobody asked for: neither is a field of this answer.
            return
        # Blanks after a value are none of it (RFC 9110, section 5.5); the parser leaves them.
        self._fields[name.decode("latin-1").lower()] = value.decode("latin-1").rstrip(" \t")

    def on_headers_complete(self) -> None:
        self._in_body = self._parser.get_status_code() >= HTTPStatus.OK

    def on_body(self, body: bytes) -> None:
        self._bodiless = 0
        if len(self._body) <= self._limit:
            self._body += body
        if len(self._body) > self._limit:
            self._finish()
            self.abort()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < HTTPStatus.OK:  # 100 Continue and its like: the answer follows
            self._fields = {}
            return
        self._ended = True
        self.reusable = self._sent and not self._excess and self._parser.should_keep_alive()
        self._finish()
