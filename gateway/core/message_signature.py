"""Message signatures (RFC 9421): what one must cover and say, apart from the signature itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.core.assertion import LONGEST_ID, SHORTEST_ID, SKEW, moment
from gateway.core.attestation import HEADER as ATTESTATION
from gateway.core.unproven import Reason

TAG = "child-support-gateway"
LONGEST = timedelta(minutes=5)
ALWAYS = frozenset({"@method", "@authority", "@target-uri", "date", "x-partner"})
WITH_BODY = "content-digest"
WHEN_SENT = frozenset({"idempotency-key", "content-encoding", ATTESTATION.lower()})
"""Fields that change what a request does, or what its sender answers for: covered whenever they are there."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the signature is about. ``fields`` are (lower-case name, value) as they came."""

    method: str
    url: str
    """The address that the caller used, with its query."""
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    has_body: bool

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for given, value in self.fields if given == name)


@dataclass(frozen=True, slots=True)
class Said:
    """The parameters of one signature, and what it covers (plain component names)."""

    key_id: str
    covers: frozenset[str]
    created: int | None
    expires: int | None
    nonce: str
    tag: str


def must_cover(request: Request) -> frozenset[str]:
    """Every component that a signature of this request covers."""
    sent = {name for name, _ in request.fields}
    return ALWAYS | (WHEN_SENT & sent) | ({WITH_BODY} if request.has_body else frozenset())


def fault(said: Said, request: Request, date: datetime | None, now: datetime) -> Reason | None:
    """Why the signature is not enough; None when it is. ``date`` is the Date field, None when it is none.

    A covered field that comes twice is refused: we and a proxy could disagree on which one counts.
    """
    needed = must_cover(request)
    if said.tag != TAG or not needed <= said.covers:
        return Reason.SIGNATURE_COVERS
    if any(len(request.values(name)) != 1 for name in needed if not name.startswith("@")):
        return Reason.SIGNATURE_COVERS
    if not SHORTEST_ID <= len(said.nonce) <= LONGEST_ID:
        return Reason.SIGNATURE_NONCE
    return None if _in_time(said, date, now) else Reason.SIGNATURE_TIMES


def kept_until(said: Said) -> datetime:
    """How long its nonce must be remembered: until nobody would take the signature any more."""
    return moment(said.expires or 0) + SKEW


def _in_time(said: Said, date: datetime | None, now: datetime) -> bool:
    if said.created is None or said.expires is None or date is None or abs(now - date) > LONGEST + SKEW:
        return False
    skew, longest = SKEW.total_seconds(), LONGEST.total_seconds()
    at = now.timestamp()
    return said.created <= at + skew and at < said.expires + skew and 0 < said.expires - said.created <= longest
