"""Reasons that people give: kept in the audit log for ever, so what could name a person is refused."""

from __future__ import annotations

import re

from gateway.core.errors import Unprocessable

REASON_LENGTH = 200
_LONG_NUMBER = re.compile(r"\d(?:[ .\-/]?\d){4,}")
_CODE = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")


def fit_reason(text: str) -> str:
    """The reason, trimmed. Reasons are kept in the audit log, so five or more digits in a row (an SSN, a case number,
    a telephone number) are refused, as are control characters and more than 200 characters."""
    reason = text.strip()
    if not reason or len(reason) > REASON_LENGTH or not reason.isprintable():
        raise Unprocessable(f"A reason has 1 to {REASON_LENGTH} printable characters.", code="reason-unfit")
    if _LONG_NUMBER.search(reason):
        raise Unprocessable("A reason names no person and holds no number of five or more digits.", code="reason-unfit")
    return reason


def fit_code(text: str) -> str:
    """A partner's reason as a code: lower-case words joined by hyphens. Raises Unprocessable."""
    if not _CODE.fullmatch(text) or _LONG_NUMBER.search(text):
        raise Unprocessable("A partner's reason is a code of lower-case words and hyphens.", code="reason-unfit")
    return text
