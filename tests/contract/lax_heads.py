"""The gateway's connections with one safeguard left out: what the tests of smuggled requests must be able to see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

from aiohttp.http_parser import HttpRequestParserPy
from aiohttp.web_protocol import RequestHandler

from gateway.web.edge import Connection

_DIGITS = re.compile(rb"\d+")
_NO_TEXT = re.compile(rb"[\x00-\x1f]")


class LaxParser(HttpRequestParserPy):
    """Reads heads as servers did before RFC 9112, and over what it does not know: the first of two fields counts, a
    length has the digits that are in it, and chunks count only where no length does."""

    def parse_headers(self, lines):
        return super().parse_headers([*_tidied(lines), b""])


def _tidied(lines: Sequence[bytes]) -> Iterator[bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.strip().lower(), _NO_TEXT.sub(b"", value).strip())
    length = _DIGITS.search(fields.pop(b"content-length", b""))
    coding = fields.pop(b"transfer-encoding", b"")
    if length:
        yield b"content-length: " + length[0]
    elif b"chunked" in coding:
        yield b"transfer-encoding: chunked"
    yield from (b"%b: %b" % field for field in fields.items() if re.fullmatch(rb"[a-z-]+", field[0]))


def lax(connection: Connection) -> Connection:
    """The connection, with a lax parser in the place of aiohttp's."""
    connection._parser = LaxParser(connection, asyncio.get_running_loop(), max_msg_queue_size=4)
    return connection


class _Quoting(Connection):
    """Answers what it cannot read as aiohttp does: with the parser's text, which quotes it."""

    __slots__ = ()
    handle_error = RequestHandler.handle_error


def quoting(connection: Connection) -> Connection:
    connection.__class__ = _Quoting
    return connection
