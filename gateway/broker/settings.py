"""What a connection to RabbitMQ needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ssl import SSLContext
from urllib.parse import parse_qs, urlsplit

from gateway.broker.topology import Naming
from gateway.core.errors import Misconfigured
from gateway.core.transport import CODE, NO_TLS, Transport, is_here

_SCHEMES = {"amqp": False, "amqps": True}
"""Scheme -> whether it is TLS."""
_TLS_WORDS = frozenset({"cafile", "capath", "cadata", "certfile", "keyfile", "no_verify_ssl"})
"""The client's own parameters about TLS; a URL that carried one could switch the check off."""


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """Where RabbitMQ is and how patient we are. The URL carries credentials: it is never printed."""

    url: str = field(repr=False)
    """``amqp://user:password@host:port/virtual-host``, or ``amqps://``."""
    transport: Transport = NO_TLS
    naming: Naming = field(default_factory=Naming)
    delivery_limit: int = 5
    """How often an announcement comes back before it is dead-lettered; our own rows count the attempts."""
    prefetch: int = 4
    """Small, because messages fetched beside a poisonous one share its fate when a consumer crashes."""
    publish_timeout: timedelta = timedelta(seconds=5)
    """A broker under a memory or disk alarm never answers; the relay must not hang with it."""
    connect_timeout: timedelta = timedelta(seconds=5)
    """For the handshake, and for each administrative exchange on an open connection."""
    heartbeat: timedelta = timedelta(seconds=10)
    """A dead peer is noticed after twice this time."""
    watch_every: timedelta = timedelta(seconds=15)
    """How long a consumer may be gone before somebody notices. Each look is a round trip a partner, also when idle; the
    relay announces again only after a minute, so that nothing waits longer for it."""
    shortest_wait: timedelta = timedelta(milliseconds=200)
    """Before the first reconnection; doubles up to ``longest_wait``."""
    longest_wait: timedelta = timedelta(seconds=5)

    def secured(self) -> SSLContext | None:
        """The context of the connection; None: in the clear. Raises Misconfigured for a URL that is none of ours or
        that speaks of TLS itself, and where what is said would cross a network in the clear though nobody said so."""
        under_tls, host = where(self.url)
        if _TLS_WORDS & parse_qs(urlsplit(self.url).query).keys():
            raise Misconfigured("Leave TLS out of the query of the broker's URL: broker.ca says it.")
        if under_tls:
            return self.transport.demanded()
        if not (self.transport.plain or is_here((host,))):
            raise Misconfigured("RabbitMQ on another machine is reached by amqps:// (or set broker.plain).", code=CODE)
        return None


def where(url: str) -> tuple[bool, str]:
    """Whether a URL of RabbitMQ asks for TLS, and the host. Raises Misconfigured, without the password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        raise Misconfigured(
            "The broker's URL cannot be read: its port is a number, and a / or [ in its password is written %2F or %5B."
        ) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise Misconfigured("The broker's URL begins with amqps:// or amqp:// and names a host.")
    return _SCHEMES[parts.scheme], parts.hostname
