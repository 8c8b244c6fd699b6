"""Request bodies: read piece by piece with patience and caps, unpacked when allowed, or read whole as a document."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn, TypeVar

from aiohttp import web
from aiohttp.http import HttpVersion11
from pydantic import BaseModel, ValidationError

from gateway.core.errors import Refused, TooLarge, Unprocessable, Unsupported
from gateway.web.limits import Limits
from gateway.web.problems import Fault, InvalidMembers, SlowBody

M = TypeVar("M", bound=BaseModel)

_INFLATED_PIECE = 64 * 1024
_GZIP_WINDOW = 31
_RATIO_FREE = 64 * 1024
"""Unpacked bytes before the ratio counts: short bodies of one repeated byte are harmless."""
_DIGEST = re.compile(r"(?:^|,)\s*(sha-256|sha-512)=:([A-Za-z0-9+/=]*):")
_HASHES = {"sha-256": "sha256", "sha-512": "sha512"}


async def pieces(request: web.Request, limits: Limits) -> AsyncIterator[bytes]:
    """The body as it comes, unpacked when it is gzip and gzip is enabled. Raises SlowBody, Refused (cut off), TooLarge
    (compression ratio or cap), Unsupported (any other Content-Encoding), and, at the end of the body, Unprocessable
    when it is not the one of its Content-Digest: nobody may act on a body that was not read to its end."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        async for piece in _raw(request, limits):
            yield piece
    elif encoding == "gzip" and limits.gzip:
        inflater = Inflater(limits)
        async for piece in _raw(request, limits):
            for unpacked in inflater.feed(piece):
                yield unpacked
        inflater.finish()
    else:
        raise Unsupported("This Content-Encoding is not accepted here.", code="encoding-refused")


async def _raw(request: web.Request, limits: Limits) -> AsyncIterator[bytes]:
    content, loop = request.content, asyncio.get_running_loop()
    begun, received = loop.time(), 0
    if "Expect" in request.headers:
        await _go_on(request)
    digest = ContentDigest(request) if "Content-Digest" in request.headers else None
    while True:
        try:
            if content.is_eof():  # all of it has come (as with most records): no timer is needed
                piece = await content.readany()
            else:
                allowed = limits.body_idle_seconds + received / limits.slowest_body - (loop.time() - begun)
                async with asyncio.timeout(min(limits.body_idle_seconds, allowed)):
                    piece = await content.readany()
        except TimeoutError:
            raise SlowBody from None
        except (web.RequestPayloadError, ConnectionError):
            raise Refused("The body ended before its announced end.", code="body-cut-off") from None
        if not piece:
            break
        received += len(piece)
        if digest is not None:
            digest.feed(piece)
        yield piece
    if digest is not None:
        digest.check()


async def _go_on(request: web.Request) -> None:
    """Tell a caller that waits with its body that it is wanted (RFC 9110, section 10.1.1); none that has sent it."""
    waits = request.headers["Expect"].lower() == "100-continue" and request.version >= HttpVersion11
    if waits and not request.content.is_eof():
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
        await request.writer.drain()


class Inflater:
    """Unpacks one gzip member piece by piece; never holds more than a piece, whatever the ratio."""

    def __init__(self, limits: Limits) -> None:
        self._ratio, self._cap = limits.gzip_ratio, limits.gzip_bytes
        self._stream = zlib.decompressobj(_GZIP_WINDOW)
        self._packed = self._unpacked = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes that this piece unpacks to, as they are asked for. Raises TooLarge beyond ratio or cap, and
        Unsupported for what is not one gzip member."""
        self._packed += len(data)
        if self._packed > self._cap:  # a header may have a name without end, of which nothing is unpacked
            raise TooLarge
        if self._stream.eof:
            raise Unsupported("Bytes follow the end of the gzip member.", code="encoding-refused")
        while data:
            try:
                piece = self._stream.decompress(data, _INFLATED_PIECE)
            except zlib.error:
                raise Unsupported(
                    "The body is not the gzip that its Content-Encoding says.", code="encoding-refused"
                ) from None
            self._count(len(piece))
            yield piece
            data = self._stream.unconsumed_tail
        if self._stream.unused_data:
            raise Unsupported("Bytes follow the end of the gzip member.", code="encoding-refused")

    def finish(self) -> None:
        """Raises Refused when the member has no end."""
        if not self._stream.eof:
            raise Refused("The gzip member ended too early.", code="body-cut-off")

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._cap:
            raise TooLarge
        if self._unpacked > _RATIO_FREE + self._ratio * self._packed:
            raise TooLarge("The body expands too far.", code="compression-ratio")


class ContentDigest:
    """Checks what came over the wire against the request's Content-Digest (RFC 9530, section 2: the bytes as sent, with
    their content coding). Every digest that we can compute must fit; where there is none, nothing is checked."""

    def __init__(self, request: web.Request) -> None:
        told = ", ".join(request.headers.getall("Content-Digest", ()))
        found = _DIGEST.findall(told) if told else ()
        self._told = [(hashlib.new(_HASHES[name]), _decoded(value)) for name, value in found]

    @property
    def known(self) -> bool:
        """Whether there is anything to check."""
        return bool(self._told)

    def feed(self, data: bytes) -> None:
        for hashing, _ in self._told:
            hashing.update(data)

    def check(self) -> None:
        """Raises Unprocessable when a digest is another one."""
        if any(not hmac.compare_digest(hashing.digest(), told) for hashing, told in self._told):
            raise Unprocessable("The body is not the one of its Content-Digest.", code="content-digest-mismatch")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def content_digest(sha256_hex: str) -> str:
    """The Content-Digest field for a digest of ours."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256_hex)).decode()}:"


async def document(request: web.Request, limits: Limits, model: type[M]) -> M:
    """The request document. Raises Unsupported, TooLarge, Refused (not JSON) and InvalidMembers."""
    if request.content_type != "application/json":
        raise Unsupported("Send application/json.")
    body = bytearray()
    async for piece in pieces(request, limits):
        body += piece
        if len(body) > limits.json_bytes:
            raise TooLarge
    return checked(model, parse_json(bytes(body)))


def parse_json(body: bytes) -> object:
    """RFC 8259 JSON in UTF-8; doubled members, NaN and infinities are refused. Raises Refused."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused("The body is not valid JSON.", code="invalid-json") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def checked(model: type[M], value: object) -> M:
    """The value as the model has it. Raises InvalidMembers, which never quotes the value."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidMembers(_faults(error, model)) from None


def _faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What is wrong where. Names of unknown members are the caller's own text, so only their parent is told, and at the
    top the names that there are."""
    known = ", ".join(field.alias or name for name, field in model.model_fields.items())
    faults = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        unknown = one["type"] == "extra_forbidden"
        where = one["loc"][:-1] if unknown else one["loc"]
        expected = one["msg"]
        if unknown:
            expected = "no unknown members" if where else f"no others than {known}"
        faults.append(Fault("".join(f"/{part}" for part in where), one["type"], expected))
    return list(dict.fromkeys(faults))
