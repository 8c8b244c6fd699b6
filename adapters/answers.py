"""What a partner's HTTP answer means for a delivery. Pure.

Statuses: 2xx is taken; 408, 425, 429 and 5xx are worth another attempt; every other one needs a person, redirects
included (following one would hand records to somebody whom the partner file does not name). 409 is not success: our
ids never collide, so it says that the partner holds other bytes under this id.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from gateway.core.errors import Permanent, Transient

TRANSIENT = frozenset({408, 425, 429})
LONGEST_RETRY_AFTER = timedelta(days=30)
"""Beyond it a wish is a mistake; the partner's retry schedule clamps it further."""

_DIGITS_OF_SECONDS = 9
_DIGITS_OF_CODE = 4
_TOKEN = re.compile(r"[A-Za-z0-9:/._~#-]{1,120}")


def taken(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def status_line(status: int) -> str:
    """Our words for a status, not the partner's: a reason phrase may hold anything."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A ``Retry-After`` (RFC 9110, section 10.2.3) as a wait from ``now``; None when absent or unreadable."""
    if not value:
        return None
    wait = _seconds(value) if value.isascii() and value.isdigit() else _until(value, now)
    return None if wait is None else min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


def _seconds(value: str) -> timedelta:
    return timedelta(seconds=int(value)) if len(value) <= _DIGITS_OF_SECONDS else LONGEST_RETRY_AFTER


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now


def problem_code(media_type: str, body: bytes) -> str:
    """``type`` or ``code`` of a problem document (RFC 9457) when it is plainly a code; else nothing.

    Everything else in an answer may repeat what we sent. A token with more than four digits might be a number of a
    person or a case, and is dropped as well.
    """
    if media_type.partition(";")[0].strip().lower() != "application/problem+json":
        return ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    for member in ("code", "type"):
        token = document.get(member)
        if isinstance(token, str) and _TOKEN.fullmatch(token) and sum(map(str.isdigit, token)) <= _DIGITS_OF_CODE:
            return token
    return ""


def failure(status: int, answer: str, wait: timedelta | None) -> Transient | Permanent:
    """The error for a status that is not 2xx."""
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Permanent("the partner redirects, which we do not follow", code="http-redirect", answer=answer)
    if status in TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Transient("the partner cannot take it now", code=f"http-{status}", answer=answer, retry_after=wait)
    return Permanent("the partner refuses the delivery", code=f"http-{status}", answer=answer)
