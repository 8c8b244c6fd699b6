"""One record as it is stored."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gateway.core.model.names import Digest, Kind, PartnerKey, RecordId, SubmissionId
from gateway.core.swift import swift


class RecordState(StrEnum):
    REFUSED = "refused"
    """The sender must mend it; its body is not kept."""
    UNROUTABLE = "unroutable"
    """Valid, but no agreement in force lets it leave; parked until one does."""
    WITHHELD = "withheld"
    """The disclosure guard keeps it back."""
    ROUTED = "routed"
    """At least one delivery is owed for it."""


@swift
class Record:
    """One stored record. ``sealed`` is the canonical XML under its own data key; None for a refused record."""

    id: RecordId
    submission: SubmissionId
    ordinal: int
    kind: Kind | None
    sender: PartnerKey
    recipient: PartnerKey | None
    """The direct recipient; subscribers are seen in the deliveries."""
    state: RecordState
    reason: str | None
    """Why it is refused, unroutable or withheld: a rule code or one of ``core.routing.Reason``."""
    transaction: str | None
    case_index: bytes | None = field(repr=False)
    """Blind index (keyed HMAC) of sender and case id: equal cases meet, the id is not readable."""
    serial: str | None
    digest: Digest | None
    """SHA-256 of the canonical XML."""
    sealed: bytes | None = field(repr=False)
    received_at: datetime = field(kw_only=True)
    bearing: str | None = field(default=None, kw_only=True)
    """What the disclosure guard knows of it (:class:`gateway.core.bearing.Bearing`); None for a refused record."""
    persons: bytes | None = field(default=None, repr=False, kw_only=True)
    """Blind indexes of the persons in it, one after the other."""
    index_key: str | None = field(default=None, kw_only=True)
    """The key of its blind indexes; None: the first one that this gateway had."""
