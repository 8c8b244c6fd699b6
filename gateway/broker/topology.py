"""What must exist on the broker for a set of partners, as data (docs/broker.md). Pure.

Every argument is spelled out, so that RabbitMQ 3.10 and 4.x build the same queues: 4.0 brought a default delivery limit
of 20, and ``x-delivery-limit: -1`` drops a message on its first redelivery on 3.10 while it means "no limit" on 4.x.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.errors import Misconfigured
from gateway.core.model import PartnerKey

MOST_DELIVERIES = 500
"""Ids that one announcement may carry."""
DEAD_DELIVERY_LIMIT = 1_000
"""Of the dead-letter queue: only people and tools read it, and they may put a message back many times."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class ExchangeKind(StrEnum):
    DIRECT = "direct"
    FANOUT = "fanout"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: ExchangeKind


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue. ``partner`` None: the dead-letter queue."""

    name: str
    arguments: Mapping[str, str | int]
    partner: PartnerKey | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Topology:
    """In the order in which it must be declared: exchanges, queues, bindings; targets of dead letters come first."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names under one prefix. Several gateways share a broker by prefix or, better, by virtual host."""

    prefix: str = "gateway"

    def __post_init__(self) -> None:
        _checked(self.prefix, "the broker's prefix")

    @property
    def deliver(self) -> str:
        """The exchange that announcements are published to; the routing key is the partner."""
        return f"{self.prefix}.deliver"

    @property
    def dead(self) -> str:
        """The dead-letter exchange and its queue."""
        return f"{self.prefix}.dead"

    def queue(self, partner: PartnerKey) -> str:
        return f"{self.prefix}.deliver.{_checked(partner, 'a partner')}"


def _checked(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"{what} must be 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit")
    return name


def partner_queue(naming: Naming, partner: PartnerKey, delivery_limit: int) -> Queue:
    """``delivery_limit``: how often a message may come back before it is dead-lettered; at least 1."""
    if delivery_limit < 1:
        raise Misconfigured("the broker's delivery limit must be at least 1")
    arguments: dict[str, str | int] = {
        "x-queue-type": "quorum",
        "x-delivery-limit": delivery_limit,
        "x-dead-letter-exchange": naming.dead,
        "x-dead-letter-strategy": "at-least-once",
        # At-least-once dead lettering works only with this overflow behaviour.
        "x-overflow": "reject-publish",
    }
    return Queue(naming.queue(partner), arguments, partner)


def dead_queue(naming: Naming) -> Queue:
    return Queue(naming.dead, {"x-queue-type": "quorum", "x-delivery-limit": DEAD_DELIVERY_LIMIT})


def topology(partners: Iterable[PartnerKey], naming: Naming, delivery_limit: int) -> Topology:
    """Everything that these partners need. Raises Misconfigured for a bad name or limit."""
    dead = dead_queue(naming)
    queues = tuple(partner_queue(naming, partner, delivery_limit) for partner in sorted(set(partners)))
    return Topology(
        exchanges=(Exchange(naming.dead, ExchangeKind.FANOUT), Exchange(naming.deliver, ExchangeKind.DIRECT)),
        queues=(dead, *queues),
        bindings=(
            Binding(naming.dead, dead.name, ""),
            *(Binding(naming.deliver, queue.name, queue.partner) for queue in queues if queue.partner is not None),
        ),
    )


class Found(StrEnum):
    """What stands on the broker under a wanted name."""

    ABSENT = "absent"
    EQUAL = "equal"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be."""

    thing: str
    """``exchange`` or ``queue``."""
    name: str
    found: Found


def differences(wanted: Topology, exchanges: Mapping[str, Found], queues: Mapping[str, Found]) -> Sequence[Difference]:
    """What must be made or mended, in the order of declaration; a name that was not looked at counts as absent."""
    return tuple(
        Difference(thing, name, found)
        for thing, names, seen in (
            ("exchange", [e.name for e in wanted.exchanges], exchanges),
            ("queue", [q.name for q in wanted.queues], queues),
        )
        for name in names
        if (found := seen.get(name, Found.ABSENT)) is not Found.EQUAL
    )
