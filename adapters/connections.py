"""HTTP connections to partners: which addresses they may lead to, how an answer is read, what a failure means."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from aiohttp.payload import Payload
from yarl import URL

from adapters.addresses import disguised, forbidden, literal
from adapters.options import Option, Options, Table, complete, wrong
from gateway.core.errors import DeliveryFailed, Permanent, Transient
from gateway.core.model import Endpoint

SLICE = 64 * 1024
KEEPALIVE_SECONDS = 4
"""Shorter than common servers' five seconds: a POST on a connection that is just being closed is a failed attempt."""
CONNECTIONS = 256
CONNECTIONS_PER_PARTNER = 64

REACH: Table = {
    "connect_timeout_seconds": Option(int, "for name look-up, connection and TLS", default=10, most=300),
    "allow_private": Option(bool, "addresses of private networks are allowed", default=False),
    "allow_http": Option(bool, "a URL without TLS is allowed", default=False),
    "bearer_secret": Option(str, "name of the secret that is sent as bearer token", optional=True),
    "ca_file": Option(str, "PEM file of the authorities to trust instead of the system's", optional=True),
}
"""The options of every table that names a partner's URL, besides ``url`` and ``timeout_seconds``."""


class AddressRefused(OSError):
    """A name led to an address that deliveries must not go to."""


class GuardedResolver(AbstractResolver):
    """Checks every address of every answer; the connector then connects to these very addresses, so that a second
    look-up with another answer cannot happen."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(forbidden(one["host"]) for one in found):
            raise AddressRefused("the partner's host has an address that is not public")
        return found

    async def close(self) -> None:
        await self._inner.close()


class Body(Payload):
    """The bytes of a parcel, written in slices; knows whether they were all handed to the connection."""

    _value: bytes
    _autoclose = True

    def __init__(self, value: bytes, content_type: str) -> None:
        super().__init__(value, content_type=content_type)
        self._size = len(value)
        self.sent = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        view = memoryview(self._value)
        for start in range(0, len(view), SLICE):
            await writer.write(view[start : start + SLICE])
        self.sent = True


@dataclass(frozen=True, slots=True)
class Route:
    """A partner's URL, ready to use."""

    endpoint: Endpoint
    url: URL
    timeout: aiohttp.ClientTimeout
    allow_private: bool
    bearer_secret: str | None
    tls: ssl.SSLContext | bool = field(repr=False)


def check_url(options: Options, table: Table) -> None:
    """The URL against ``allow_http`` and ``allow_private``. Raises Misconfigured naming the key."""
    found = complete(options, table)
    url = _url(str(found["url"]))
    if url.scheme != "https" and not (url.scheme == "http" and found["allow_http"]):
        raise wrong("url", "must be an https URL")
    if url.user is not None or url.password is not None:
        raise wrong("url", "must not carry credentials")
    if url.fragment:
        raise wrong("url", "must not carry a fragment")
    host = url.host
    if not host:
        raise wrong("url", "must name a host")
    if disguised(host):
        raise wrong("url", "must not name its host as a disguised number")
    if not found["allow_private"] and _names_forbidden(host):
        raise wrong("url", "must not lead to a private address")


def _names_forbidden(host: str) -> bool:
    address = literal(host)
    name = host.rstrip(".").lower()
    return forbidden(address) if address else name == "localhost" or name.endswith(".localhost")


def _url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError:
        raise wrong("url", "is not a URL") from None


class Connections:
    """One connection pool for public partners, one for those allowed to be private."""

    def __init__(self, resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver) -> None:
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(allow_private)
        if session is None:
            inner = self._resolver()
            session = self._sessions[allow_private] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS,
                    limit_per_host=CONNECTIONS_PER_PARTNER,
                    keepalive_timeout=KEEPALIVE_SECONDS,
                    resolver=inner if allow_private else GuardedResolver(inner),
                ),
                # An answer is never unpacked: it may be a bomb, and we want a few words of it at most.
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "child-support-gateway"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return session


async def route_to(endpoint: Endpoint, table: Table) -> Route:
    """The endpoint's URL with its time-outs and its trust. Raises Misconfigured."""
    check_url(endpoint.options, table)
    found = complete(endpoint.options, table)
    ca_file = found.get("ca_file")
    return Route(
        endpoint,
        URL(str(found["url"])),
        aiohttp.ClientTimeout(total=int(found["timeout_seconds"]), connect=int(found["connect_timeout_seconds"])),
        bool(found["allow_private"]),
        str(found["bearer_secret"]) if "bearer_secret" in found else None,
        True if ca_file is None else await asyncio.to_thread(_trusting, Path(str(ca_file))),
    )


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one of them
        raise wrong("ca_file", "is not a readable PEM file of certificates") from error


def token(secret: bytes) -> str:
    try:
        token = secret.decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable():
        raise wrong("bearer_secret", "must name a secret of printable ASCII")
    return token


async def bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The answer's body to its end, or its first ``limit`` bytes when it is longer than we care for (the connection is
    then closed). Raises ClientError when it breaks off."""
    received = bytearray()
    async for chunk in response.content.iter_any():
        received += chunk
        if len(received) > limit:
            response.close()
            return bytes(received[:limit])
    return bytes(received)


def translated(error: Exception) -> DeliveryFailed:
    """Our error for one of the client's; its text is dropped, because it may name addresses and repeat bytes."""
    if isinstance(error, aiohttp.ClientConnectorDNSError) and isinstance(error.os_error, AddressRefused):
        error = error.os_error  # The connector wraps whatever its resolver raises.
    for kinds, meaning in _ERRORS:
        if isinstance(error, kinds):
            return meaning()
    return Transient("the exchange with the partner failed", code="http-broken")


_ERRORS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[], DeliveryFailed]], ...] = (
    (AddressRefused, lambda: Permanent("the partner's host has a private address", code="address-refused")),
    (
        (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch),
        lambda: Permanent("the partner's certificate is not trusted", code="tls-untrusted"),
    ),
    (aiohttp.ClientConnectorSSLError, lambda: Transient("TLS with the partner failed", code="tls-failed")),
    (
        aiohttp.ConnectionTimeoutError,
        lambda: Transient("the partner could not be reached in time", code="connect-timeout"),
    ),
    (TimeoutError, lambda: Transient("the partner did not answer in time", code="http-timeout")),
    (aiohttp.ClientConnectorDNSError, lambda: Transient("the partner's host is not found", code="dns-failed")),
    (aiohttp.ClientConnectorError, lambda: Transient("the partner cannot be reached", code="connect-failed")),
    (aiohttp.InvalidURL, lambda: Permanent("the partner's URL cannot be used", code="address-refused")),
    (
        (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError),
        lambda: Transient("the partner closed the connection early", code="closed-early"),
    ),
)
