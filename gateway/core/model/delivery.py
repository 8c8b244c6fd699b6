"""What is owed to a partner, and what a dispatcher claims of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gateway.core.model.names import AgreementKey, DeliveryId, Digest, FormatName, Kind, PartnerKey, RecordId
from gateway.core.swift import swift


class DeliveryState(StrEnum):
    PENDING = "pending"
    """Owed; due at ``due_at``."""
    CLAIMED = "claimed"
    """A dispatcher works on it until its lease ends."""
    WAITING = "waiting"
    """In the partner's mailbox, or handed over and waiting for the partner's acknowledgement."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Needs a person."""
    HELD = "held"
    """Kept back on purpose: the disclosure guard keeps it, or its bytes changed between attempts."""
    WITHHELD = "withheld"
    """One record of several that the disclosure guard took out of their delivery, so that the others could go on."""
    WITHDRAWN = "withdrawn"


class Fault(StrEnum):
    """Who must act on a dead letter; the three never mix in a list."""

    PARTNER = "partner"
    RECORD = "record"
    GATEWAY = "gateway"


def known_as(delivery: DeliveryId, edition: int) -> str:
    """What a partner tells a repeat by: another edition is no repeat."""
    return delivery if edition == 1 else f"{delivery}.{edition}"


@swift
class Delivery:
    """Records owed to one partner in one payload. Its id stays the same through every attempt, and so do its bytes,
    until two people amend them."""

    id: DeliveryId
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    format: FormatName
    agreement: AgreementKey
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    records: int
    lane: bytes | None = field(default=None, repr=False)
    """Records with the same lane arrive in order (blind index of the case); None: no order asked."""
    number: int = 0
    """Running number for each (partner, sender, kind): the batch number of file formats."""
    attempts: int = 0
    digest: Digest | None = None
    size: int | None = None
    cause: str | None = None
    """Stable code of the last failure; dead letters are grouped by it."""
    fault: Fault | None = None
    answer: str | None = field(default=None, repr=False)
    settled_at: datetime | None = None
    edition: int = 1
    """Which of its contents it carries: one more for each amendment that was sent."""

    @property
    def known_as(self) -> str:
        """What the partner tells a repeat by."""
        return known_as(self.id, self.edition)


@swift
class Item:
    """One record owed to one partner. ``delivery`` None: it waits to be gathered into a batch."""

    record: RecordId
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    agreement: AgreementKey
    delivery: DeliveryId | None
    owed_at: datetime


@swift
class Cargo:
    """What the disclosure guard must know of one record that a delivery carries."""

    record: RecordId
    bearing: str | None
    persons: bytes | None = field(repr=False)
    received_at: datetime


@swift
class Claimed:
    """A delivery under a lease, with the sealed records that it carries, in order."""

    delivery: Delivery
    records: Sequence[tuple[RecordId, bytes]] = field(repr=False)
    cargo: tuple[Cargo, ...] = ()
    """One for each record, in order. Without it nothing leaves."""
    register: int = 0
    """Revision of the register of protected persons in the moment of the claim."""
    amended: Mapping[RecordId, str] = field(default_factory=dict)
    """Records of which something else is carried: the ids of the amendments whose sealed content is in ``records``."""

    @property
    def weight(self) -> int:
        """Sealed bytes."""
        return sum([len(sealed) for _, sealed in self.records])
