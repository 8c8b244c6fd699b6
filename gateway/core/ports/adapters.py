"""Port of the channels: hands one payload to one partner."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Protocol

from gateway.core.disclosure import Clearance
from gateway.core.labels import Label
from gateway.core.model import DeliveryId, Digest, Kind, Partner, PartnerKey, known_as
from gateway.core.swift import swift


@swift
class Parcel:
    """The bytes of one delivery and what is told with them. The same for every attempt."""

    delivery: DeliveryId
    sender: PartnerKey
    kind: Kind
    records: int
    created_at: datetime
    body: bytes = field(repr=False)
    digest: Digest
    """SHA-256 of ``body``, lower-case hex."""
    media_type: str
    extension: str
    clearance: Clearance
    """The disclosure guard's word that it may go."""
    label: Label = Label.RECORDS
    """Under which the bytes are sealed where they have to lie."""
    edition: int = 1
    """Which of its contents the delivery carries."""

    @property
    def known_as(self) -> str:
        """By what the partner knows a repeat."""
        return known_as(self.delivery, self.edition)

    @property
    def name(self) -> str:
        """The file name that every attempt uses: kind, time and delivery id, never data of a record. Amended content
        has a name of its own."""
        return f"{self.kind}-{self.created_at:%Y%m%dT%H%M%SZ}-{self.known_as}{self.extension}"


@swift
class Handover:
    """What the partner said. ``final`` False: it lies there, the partner's acknowledgement is still to come."""

    final: bool = True
    answer: str = ""
    """Capped status line or file name; never a body."""


class Adapter(Protocol):
    """One channel. Contract: a call either returns (the partner has the bytes, durably as far as the channel can tell)
    or raises Transient (worth another attempt), Permanent (a person must act over there) or Unavailable (a fault on our
    side, not counted). Every other exception is a defect. A repeat of the same parcel has the same effect as one.
    On cancel nothing half-written is left under the final name.
    """

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover: ...

    async def close(self) -> None: ...


class Secrets(Protocol):
    """Where adapters find credentials by name; partner files carry only the names."""

    def secret(self, name: str) -> bytes:
        """Raises Misconfigured when there is none of that name."""
        ...
