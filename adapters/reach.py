"""Reaching a partner's host: its name is looked up once, every address is judged, and the connection goes to these very
addresses, so that a second look-up with another answer cannot happen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

import aiohappyeyeballs
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.addresses import disguised, forbidden, literal
from adapters.options import Option, wrong

NEXT_ADDRESS_SECONDS = 0.25
"""RFC 8305: how long one address of a name is tried before the next one is tried beside it."""
ALLOW_PRIVATE = Option(bool, "addresses of private networks are allowed", default=False)

NewResolver = Callable[[], AbstractResolver]
DEFAULT_RESOLVER: NewResolver = ThreadedResolver


class Resolver(Protocol):
    """Addresses of a name. Raises OSError."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Sequence[ResolveResult]: ...


class NotResolved(OSError):
    """The name has no address."""


class Unreachable(OSError):
    """No address of the name takes a connection."""


class AddressRefused(OSError):
    """A name led to an address that deliveries must not go to."""


class GuardedResolver(AbstractResolver):
    """Checks every address of every answer."""

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


def guarded(resolver: AbstractResolver, *, private: bool) -> AbstractResolver:
    """The resolver of an endpoint; ``private``: addresses of private networks are allowed."""
    return resolver if private else GuardedResolver(resolver)


def check_host(option: str, host: str, *, private: bool) -> None:
    """Raises Misconfigured naming the option when the host is a disguised number, or spells out a private address that
    is not allowed."""
    if disguised(host):
        raise wrong(option, "must not name its host as a disguised number")
    if not private and _names_forbidden(host):
        raise wrong(option, "must not lead to a private address")


def _names_forbidden(host: str) -> bool:
    address = literal(host)
    name = host.rstrip(".").lower()
    return forbidden(address) if address else name == "localhost" or name.endswith(".localhost")


async def reached(host: str, port: int, resolver: Resolver) -> socket.socket:
    """A connected socket. Raises AddressRefused and the like from the resolver, NotResolved and Unreachable; how long
    it may take is the caller's."""
    try:
        found = await resolver.resolve(host, port)
    except socket.gaierror as error:
        raise NotResolved from error
    try:
        joined = await aiohappyeyeballs.start_connection(
            [_address(one) for one in found],
            happy_eyeballs_delay=NEXT_ADDRESS_SECONDS,
            loop=asyncio.get_running_loop(),
        )
    except OSError as error:
        raise Unreachable from error
    joined.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return joined


def _address(found: ResolveResult) -> aiohappyeyeballs.AddrInfoType:
    """As ``getaddrinfo`` would say it; only literal addresses come here."""
    where = (found["host"], found["port"])
    if found["family"] == socket.AF_INET6:
        return found["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (*where, 0, 0)
    return found["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where
