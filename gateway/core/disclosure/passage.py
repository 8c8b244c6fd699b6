"""One record on its way: what the guard is asked about, and what a court ordered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from gateway.core.bearing import Bearing
from gateway.core.model import DeliveryId, Partner, PartnerKey, RecordId
from gateway.core.routing import Route
from gateway.core.swift import swift


@dataclass(frozen=True, slots=True)
class Way:
    """One record in one delivery: the one release that an order of a court is used up by, however often the delivery is
    attempted."""

    delivery: DeliveryId
    record: RecordId


@dataclass(frozen=True, slots=True)
class Override:
    """One release that a court ordered (V02): for one request, one person and one recipient, between two days, once."""

    id: str
    request: RecordId
    person: bytes = field(repr=False)
    """Blind index of the person; of one without a number :func:`gateway.core.court_orders.unnumbered`."""
    court: str
    recipient: PartnerKey
    """The partner that passes the answer on to the court: who asked."""
    ordered_on: date
    expires_on: date
    requested_by: str
    approved_by: str
    used: Way | None = None
    """What it let go; None: nothing yet."""


@swift
class Passage:
    """One record that is about to go one way."""

    bearing: Bearing
    route: Route
    day: date
    """The day that counts: of receipt when it is routed, today when it is sent."""
    sender: Partner | None = None
    received_on: date | None = None
    """When the gateway got it; None: just now."""
    held: frozenset[bytes] = frozenset()
    """Blind indexes of persons of the record on whom a notice of danger is held."""
    request: RecordId | None = None
    """The request that it answers, where an order of a court may be about it."""
    record: RecordId | None = None
    """Its own id, which an order may name as well."""
    orders: tuple[Override, ...] = ()
    """What courts ordered, one for each protected person."""
    way: Way | None = None
    """Known when it is about to leave; None while it is routed."""
