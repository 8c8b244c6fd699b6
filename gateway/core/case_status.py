"""Case status queries and answers as contents: whether an answer answers, and the answer that tells nothing. Pure.

Source of the rule: OCSE, QUICK, "disclosure prohibited": with any person of the case marked for family violence nothing
about the case is returned; 42 USC 653(b)(2).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.model import Content

ASKS, ANSWERS = "R", "P"


class Result(StrEnum):
    """What became of a query."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    PROHIBITED = "disclosure-prohibited"


_MIRRORED: Mapping[str, str] = {
    "SenderLocatorID": "RecipientLocatorID",
    "RecipientLocatorID": "SenderLocatorID",
    "SenderCaseID": "RecipientCaseID",
    "RecipientCaseID": "SenderCaseID",
}
"""Place in the answer -> place in the query that holds the same."""
_REPEATED = ("QueryID", "DataRequestCode", "RequestDateRange/StartDate", "RequestDateRange/EndDate")


class Mismatch(StrEnum):
    """Why a valid record is no answer to a query."""

    NOT_AN_ANSWER = "answer-not-one"
    OTHER_QUERY = "answer-to-another-query"
    OTHER_CASE = "answer-about-another-case"
    OUTSIDE_DAYS = "answer-outside-the-days"


def asks(content: Content) -> bool:
    """Whether the record is a query."""
    return content.get("ActionCode") == ASKS


def mismatch(query: Content, answer: Content) -> Mismatch | None:
    """None when a valid record answers the query: its number, parties and cases changed over, the same part of the
    case for the same days, and no payment outside them."""
    if answer.get("ActionCode") != ANSWERS:
        return Mismatch.NOT_AN_ANSWER
    if any(answer.get(path) != query.get(path) for path in _REPEATED):
        return Mismatch.OTHER_QUERY
    if any(answer.get(here) != query.get(there) for here, there in _MIRRORED.items()):
        return Mismatch.OTHER_CASE
    return None if _within(query, answer) else Mismatch.OUTSIDE_DAYS


def _within(query: Content, answer: Content) -> bool:
    first = query.get("RequestDateRange/StartDate") or ""
    last = query.get("RequestDateRange/EndDate") or "9999-12-31"
    days = (v for path, v in answer.fields.items() if path.endswith(("]/PaymentDate", "]/DisbursementDate")))
    return all(first <= day <= last for day in days)


def prohibited(query: Content) -> Content:
    """The answer that disclosure is prohibited: made of the query alone, so that it is the same whoever prohibits it
    and whatever the case holds."""
    fields = {path: value for path in _REPEATED if (value := query.get(path)) is not None}
    fields |= {here: value for here, there in _MIRRORED.items() if (value := query.get(there)) is not None}
    return Content(query.kind, {**fields, "ActionCode": ANSWERS, "ResultCode": Result.PROHIBITED.value})
