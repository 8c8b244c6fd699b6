"""What a partner posted, and the sums of what became of it."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gateway.core.model.names import Digest, FormatName, PartnerKey, SubmissionId
from gateway.core.swift import swift


class SubmissionState(StrEnum):
    RECEIVED = "received"
    """Durable, not yet judged to the end."""
    HELD = "held"
    """Durable; the gateway itself failed at judging it, again and again. Nobody does until a person says so."""
    JUDGED = "judged"


@swift
class Counts:
    records: int = 0
    accepted: int = 0
    warned: int = 0
    """Accepted records with at least one warning."""
    refused: int = 0
    unroutable: int = 0
    withheld: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records,
            self.accepted + other.accepted,
            self.warned + other.warned,
            self.refused + other.refused,
            self.unroutable + other.unroutable,
            self.withheld + other.withheld,
        )


@swift
class Submission:
    id: SubmissionId
    sender: PartnerKey
    idempotency_key: str
    body_digest: Digest
    body_size: int
    format: FormatName
    received_at: datetime
    state: SubmissionState
    receipt: bytes = field(repr=False)
    """The JSON document that answered the post; a repeat gets it again byte for byte."""
    counts: Counts = Counts()
    judged_at: datetime | None = None
    progress: int = 0
    """Records judged so far."""
    told: int = 0
    """Records judged before the last chunk: of all up to here the sender has been told what it is to be told. Whoever
    judges on tells it of the last chunk first, since nobody knows how far the one before came."""
    faults: int = 0
    """How often in a row somebody began to judge it and neither got on nor gave it back."""
    cause: str | None = None
    """What the gateway failed with the last time."""
    attested: str | None = None
    """What its sender's attestation is worth (:mod:`gateway.core.attestation`); None: it gave none."""
