"""What a connection to RabbitMQ needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from gateway.broker.topology import Naming


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """Where RabbitMQ is and how patient we are. The URL carries credentials: it is never printed."""

    url: str = field(repr=False)
    """``amqp://user:password@host:port/virtual-host``, or ``amqps://``."""
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
