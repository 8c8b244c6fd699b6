"""Ports of synchronous queries: the desk that the HTTP edge asks, and the line to the partner that answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType, Protocol

from gateway.core.disclosure import Clearance
from gateway.core.model import Digest, FormatName, Kind, Partner, PartnerKey

QueryId = NewType("QueryId", str)
"""The id of the request that asks: one id for the caller, the log, the audit log and the partner."""
ANSWER_LIMIT = 256 * 1024
"""Bytes. The largest answer of the schema (90 payments, 90 disbursements, 40 persons) has a quarter of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query on its way to a partner."""

    id: QueryId
    sender: PartnerKey
    kind: Kind
    body: bytes = field(repr=False)
    digest: Digest
    media_type: str
    clearance: Clearance
    """The disclosure guard's word that it may be asked."""
    accept: str = "application/xml, application/json"
    """Media types of answers that can be read."""
    limit: int = ANSWER_LIMIT
    """Bytes of the answer at most."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole and unread."""

    body: bytes = field(repr=False)
    media_type: str
    """As the partner says it."""


class QueryLine(Protocol):
    """One exchange with one partner, never repeated. Contract: returns the whole answer, of at most the line's limit,
    within the time limit of the partner's ``queries``; or raises PartnerSilent (the time is over), PartnerDown (not
    reached, or it says that it cannot now), AnswerUnfit (what came is no answer) or Unavailable (a fault on our side).
    Every other exception is a defect. On cancel the connection is closed.
    """

    async def ask(self, asked: Asked, partner: Partner) -> Reply: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer in the caller's format."""

    body: bytes = field(repr=False)
    media_type: str
    clearance: Clearance
    """The disclosure guard's word that it may go to the caller."""


class Queries(Protocol):
    """Case status queries. Nothing of a query or its answer is kept but ids, codes and digests in the audit log:
    ``query.refused`` alone, or ``query.asked`` and then ``query.answered`` or ``query.failed``, or ``query.failed``
    alone when the partner was not asked."""

    async def ask(
        self, sender: Partner, format: FormatName, body: bytes, query: QueryId, attested: str = ""
    ) -> Answered:
        """``attested``: what the caller's attestation is worth (:mod:`gateway.core.attestation`). Raises QueryRefused,
        QueryInvalid, PartnerSilent, PartnerDown, AnswerUnfit (all written in the audit log) or Unavailable (the audit
        log cannot be written: then nothing is asked, or the answer is not told)."""
        ...

    async def close(self) -> None: ...
