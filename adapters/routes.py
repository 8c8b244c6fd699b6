"""Routes to partners' URLs: what an address may be, whom TLS trusts, and what a failure means."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from adapters.approved import client_context
from adapters.connections import Connections, Place
from adapters.exchange import Answer, Broken, ConnectionTimeout, Request
from adapters.options import Option, Options, Table, complete, wrong
from adapters.reach import (
    ALLOW_PRIVATE,
    DEFAULT_RESOLVER,
    AddressRefused,
    NewResolver,
    NotResolved,
    Unreachable,
    check_host,
    guarded,
)
from gateway.core.errors import DeliveryFailed, Permanent, Transient
from gateway.core.model import Endpoint, PartnerKey
from gateway.core.ports.adapters import Secrets

REACH: Table = {
    "connect_timeout_seconds": Option(int, "for name look-up, connection and TLS", default=10, most=300),
    "allow_private": ALLOW_PRIVATE,
    "allow_http": Option(bool, "a URL without TLS is allowed", default=False),
    "bearer_secret": Option(str, "name of the secret that is sent as bearer token", optional=True),
    "ca_file": Option(str, "PEM file of the authorities to trust instead of the system's", optional=True),
}
"""The options of every table that names a partner's URL, besides ``url`` and ``timeout_seconds``."""


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
    check_host("url", host, private=bool(found["allow_private"]))


def _url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError:
        raise wrong("url", "is not a URL") from None


@dataclass(frozen=True, slots=True)
class Route:
    """A partner's URL, ready to use. ``start``: request line and the fields that every request has."""

    endpoint: Endpoint
    connections: Connections
    timeout_seconds: int
    start: str
    bearer_secret: str | None

    async def post(self, fields: Mapping[str, str], body: bytes, answer_limit: int) -> Answer:
        """One exchange within the time. Raises what :func:`translated` knows."""
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        text = f"{self.start}{head}Content-Length: {len(body)}\r\n\r\n"
        async with asyncio.timeout(self.timeout_seconds):
            return await self.connections.exchange(Request(text.encode("ascii"), body, answer_limit))


class Routes:
    """The routes to partners, each with connections of its own, made when first used and anew when changed."""

    def __init__(
        self, table: Table, secrets: Secrets, resolver: NewResolver = DEFAULT_RESOLVER, *, restricted: bool = False
    ) -> None:
        """``restricted``: approved algorithms only."""
        self._table, self._secrets, self._resolver, self._restricted = table, secrets, resolver, restricted
        self._routes: dict[PartnerKey, Route] = {}

    async def to(self, partner: PartnerKey, endpoint: Endpoint) -> Route:
        """Raises Misconfigured."""
        route = self._routes.get(partner)
        if route is None or route.endpoint is not endpoint:
            if route is None or route.endpoint != endpoint:
                made = await self._made(endpoint)
                if route is not None:
                    route.connections.close()
                route = made
            self._routes[partner] = route
        return route

    def authorization(self, route: Route) -> dict[str, str]:
        """The field of the route's secret, when it has one. Raises Misconfigured."""
        if route.bearer_secret is None:
            return {}
        return {"Authorization": f"Bearer {_token(self._secrets.secret(route.bearer_secret))}"}

    def close(self) -> None:
        routes, self._routes = self._routes, {}
        for route in routes.values():
            route.connections.close()

    async def _made(self, endpoint: Endpoint) -> Route:
        check_url(endpoint.options, self._table)
        found = complete(endpoint.options, self._table)
        url, resolver = URL(str(found["url"])), self._resolver()
        tls = await _tls(url, found.get("ca_file"), restricted=self._restricted)
        place = Place(url.raw_host or "", url.port or 0, tls, int(found["connect_timeout_seconds"]))
        judged = guarded(resolver, private=bool(found["allow_private"]))
        start = (
            f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"
            # An answer is never unpacked: it may be a bomb, and we want a few words of it at most.
            "User-Agent: child-support-gateway\r\nAccept-Encoding: identity\r\n"
        )
        secret = str(found["bearer_secret"]) if "bearer_secret" in found else None
        return Route(endpoint, Connections(place, judged), int(found["timeout_seconds"]), start, secret)


async def _tls(url: URL, ca_file: object, *, restricted: bool) -> ssl.SSLContext | None:
    if url.scheme != "https" and ca_file is None:
        return None
    trusting = await asyncio.to_thread(
        _trusting, None if ca_file is None else Path(str(ca_file)), restricted=restricted
    )
    return trusting if url.scheme == "https" else None


def _trusting(ca_file: Path | None, *, restricted: bool) -> ssl.SSLContext:
    try:
        return client_context(ca_file, restricted=restricted)
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


FAILURES = (OSError, ValueError, Broken)
"""What an exchange raises: time-outs and what TLS says are OSErrors."""


def translated(error: Exception) -> DeliveryFailed:
    """Our error for one of :data:`FAILURES`; its text is dropped, because it may name addresses and repeat bytes."""
    for kind, meaning in _ERRORS:
        if isinstance(error, kind):
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
