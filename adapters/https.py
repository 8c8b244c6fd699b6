"""The channel ``https``: one POST a delivery.

The request carries the delivery's id as ``Idempotency-Key`` and ``Gateway-Delivery``, its bytes' SHA-256 as
``Content-Digest`` (RFC 9530), its kind and its number of records. Every attempt sends the same.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.addresses import disguised, forbidden, literal
from adapters.answers import failure, problem_code, retry_after, status_line, taken
from adapters.connections import Connections, NotResolved, Place, Unreachable
from adapters.exchange import Answer, Broken, ConnectionTimeout, Request
from adapters.kit import Kit
from adapters.options import Option, Options, complete, ours, wrong
from gateway.core.errors import DeliveryFailed, Misconfigured, Permanent, Transient
from gateway.core.ids import Clock
from gateway.core.model import Endpoint, Partner, PartnerKey
from gateway.core.ports.adapters import Handover, Parcel, Secrets

OPTIONS: Mapping[str, Option] = {
    "url": Option(str, "where to POST"),
    "timeout_seconds": Option(int, "for the whole exchange", default=30, most=3_600),
    "connect_timeout_seconds": Option(int, "for name look-up, connection and TLS", default=10, most=300),
    "allow_private": Option(bool, "addresses of private networks are allowed", default=False),
    "allow_http": Option(bool, "a URL without TLS is allowed", default=False),
    "bearer_secret": Option(str, "name of the secret that is sent as bearer token", optional=True),
    "ca_file": Option(str, "PEM file of the authorities to trust instead of the system's", optional=True),
}


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


@dataclass(frozen=True, slots=True)
class Route:
    """A partner's endpoint, ready to use. ``head``: request line and the fields that every request has."""

    endpoint: Endpoint
    connections: Connections
    timeout_seconds: int
    head: str
    bearer_secret: str | None


def check(options: Options) -> None:
    """The URL against ``allow_http`` and ``allow_private``. Raises Misconfigured naming the key."""
    found = complete(options, OPTIONS)
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


class HttpsAdapter:
    """The port ``Adapter`` over HTTP. Each partner has connections of its own."""

    def __init__(
        self, secrets: Secrets, clock: Clock, resolver: Callable[[], AbstractResolver] = ThreadedResolver
    ) -> None:
        self._secrets, self._clock, self._resolver = secrets, clock, resolver
        self._routes: dict[PartnerKey, Route] = {}

    @classmethod
    def of(cls, kit: Kit) -> HttpsAdapter:
        return cls(kit.secrets, kit.clock)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            route = await self._route(partner)
            request = Request(self._head(parcel, route), parcel.body)
        except Misconfigured as error:
            raise ours(error) from error
        try:
            async with asyncio.timeout(route.timeout_seconds):
                answer = await route.connections.exchange(request)
        except (OSError, ValueError, Broken) as error:  # OSError: time-outs and what TLS says are some of them
            raise _translated(error) from error
        return self._judged(answer)

    async def close(self) -> None:
        routes, self._routes = self._routes, {}
        for route in routes.values():
            route.connections.close()

    def _judged(self, answer: Answer) -> Handover:
        told = status_line(answer.status)
        if taken(answer.status):
            if answer.early:
                raise Transient("the partner answered before it had the bytes", code="answered-early", answer=told)
            return Handover(answer=told)
        code = problem_code(answer.fields.get("content-type", ""), answer.body)
        wait = retry_after(answer.fields.get("retry-after"), self._clock())
        raise failure(answer.status, f"{told} {code}".strip(), wait)

    def _head(self, parcel: Parcel, route: Route) -> bytes:
        digest = base64.b64encode(bytes.fromhex(parcel.digest)).decode()
        head = (
            f"{route.head}"
            f'Idempotency-Key: "{parcel.delivery}"\r\n'
            f"Gateway-Delivery: {parcel.delivery}\r\n"
            f"Gateway-Kind: {parcel.kind}\r\n"
            f"Gateway-Records: {parcel.records}\r\n"
            f"Content-Digest: sha-256=:{digest}:\r\n"
            f"Content-Type: {parcel.media_type}\r\n"
            f"Content-Length: {len(parcel.body)}\r\n"
        )
        if route.bearer_secret is not None:
            head += f"Authorization: Bearer {_token(self._secrets.secret(route.bearer_secret))}\r\n"
        return f"{head}\r\n".encode("ascii")

    async def _route(self, partner: Partner) -> Route:
        route = self._routes.get(partner.key)
        if route is None or route.endpoint is not partner.endpoint:
            if route is None or route.endpoint != partner.endpoint:
                made = await _made(partner.endpoint, self._resolver())
                if route is not None:
                    route.connections.close()
                route = made
            self._routes[partner.key] = route
        return route


async def _made(endpoint: Endpoint, resolver: AbstractResolver) -> Route:
    check(endpoint.options)
    found = complete(endpoint.options, OPTIONS)
    url = URL(str(found["url"]))
    guarded = resolver if found["allow_private"] else GuardedResolver(resolver)
    place = Place(
        url.raw_host or "", url.port or 0, await _tls(url, found.get("ca_file")), int(found["connect_timeout_seconds"])
    )
    head = (
        f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"
        "User-Agent: child-support-gateway\r\n"
        # An answer is never unpacked: it may be a bomb, and we want a few words of it at most.
        "Accept: */*\r\nAccept-Encoding: identity\r\n"
    )
    secret = str(found["bearer_secret"]) if "bearer_secret" in found else None
    return Route(endpoint, Connections(place, guarded), int(found["timeout_seconds"]), head, secret)


async def _tls(url: URL, ca_file: object) -> ssl.SSLContext | None:
    if url.scheme != "https" and ca_file is None:
        return None
    trusting = await asyncio.to_thread(_trusting, None if ca_file is None else Path(str(ca_file)))
    return trusting if url.scheme == "https" else None


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one of them
        raise wrong("ca_file", "is not a readable PEM file of certificates") from error


def _token(secret: bytes) -> str:
    try:
        token = secret.decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable():
        raise wrong("bearer_secret", "must name a secret of printable ASCII")
    return token


def _translated(error: Exception) -> DeliveryFailed:
    """Our error for one of the exchange's; its text is dropped, because it may name addresses and repeat bytes."""
    for kinds, meaning in _ERRORS:
        if isinstance(error, kinds):
            return meaning()
    return Transient("the exchange with the partner failed", code="http-broken")


_ERRORS: tuple[tuple[type[Exception], Callable[[], DeliveryFailed]], ...] = (
    (AddressRefused, lambda: Permanent("the partner's host has a private address", code="address-refused")),
    (
        ssl.SSLCertVerificationError,
        lambda: Permanent("the partner's certificate is not trusted", code="tls-untrusted"),
    ),
    (ssl.SSLError, lambda: Transient("TLS with the partner failed", code="tls-failed")),
    (ConnectionTimeout, lambda: Transient("the partner could not be reached in time", code="connect-timeout")),
    (TimeoutError, lambda: Transient("the partner did not answer in time", code="http-timeout")),
    (NotResolved, lambda: Transient("the partner's host is not found", code="dns-failed")),
    (Unreachable, lambda: Transient("the partner cannot be reached", code="connect-failed")),
    (Broken, lambda: Transient("the partner's answer is no HTTP", code="http-broken")),
    (ConnectionError, lambda: Transient("the partner closed the connection early", code="closed-early")),
)
