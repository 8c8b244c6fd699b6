"""Client assertions (RFC 7521, RFC 7523): what the claims must say, apart from the signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.unproven import Reason

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=5)
SKEW = timedelta(seconds=60)
"""How far two clocks may differ."""
SHORTEST_ID, LONGEST_ID = 16, 128


@dataclass(frozen=True, slots=True)
class Assertion:
    """The claims of a signed assertion; times are seconds since 1970, None where there is none."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    issued_at: int | None
    expires_at: int | None
    not_before: int | None
    id: str


def fault(assertion: Assertion, client: str, url: str, now: datetime) -> Reason | None:
    """Why the assertion does not speak for ``client`` at the token endpoint ``url``; None when it does.

    RFC 7523, section 3: issuer and subject are the client, the audience is this endpoint (exactly, and nobody else
    besides), it is not over, not from the future, and it has an id.
    """
    if (assertion.issuer, assertion.subject) != (client, client):
        return Reason.ASSERTION
    if assertion.audience != (url,):
        return Reason.ASSERTION_AUDIENCE
    if not SHORTEST_ID <= len(assertion.id) <= LONGEST_ID:
        return Reason.ASSERTION_ID
    return None if _in_time(assertion, now.timestamp()) else Reason.ASSERTION_TIMES


def kept_until(assertion: Assertion) -> datetime:
    """How long its id must be remembered: until nobody would take the assertion any more."""
    return moment(assertion.expires_at or 0) + SKEW


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as a time."""
    return _EPOCH + timedelta(seconds=seconds)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _in_time(assertion: Assertion, now: float) -> bool:
    begun, ends = assertion.issued_at, assertion.expires_at
    if begun is None or ends is None:
        return False
    skew, longest = SKEW.total_seconds(), LONGEST.total_seconds()
    early = max(begun, assertion.not_before or 0) > now + skew
    return not early and now < ends + skew and 0 < ends - begun <= longest and ends <= now + longest + skew
