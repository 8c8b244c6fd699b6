"""Checks of days of which a part may be unknown: ``CCYY-MM-DD`` with X for the digits of that part.

Such a day breaks a rule only when every day that it may be does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, number, texts

UNKNOWN = "X"


def surely_before(day: str, other: str) -> bool:
    """Whether a day is before another whatever their unknown parts are. Both are days in the canonical form.

    Only what is known of both from the year on can tell: of 2026-XX-03 and 2026-01-05 nothing is sure.
    """
    known = min(len(day.partition(UNKNOWN)[0]), len(other.partition(UNKNOWN)[0]))
    return day[:known] < other[:known]


def _known_in_order(rule: Rule, _catalog: Catalog) -> Ask:
    """``later`` is not surely before ``earlier``; both are paths of the record."""
    earlier, later = str(rule.parameters["earlier"]), texts(rule, "later")

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        start = fields.get(earlier)
        for path in later:
            end = fields.get(path)
            if start and end and surely_before(end, start):
                yield Fault(path)

    return ask


def _known_not_after_today(rule: Rule, _catalog: Catalog) -> Ask:
    """None of the paths is surely after today, ``before`` days earlier."""
    paths, days = texts(rule, "paths"), number(rule, "before", 0)

    def ask(question: Question) -> Iterator[Fault]:
        limit = question.today.fromordinal(question.today.toordinal() - days).isoformat()
        for path in paths:
            day = question.content.fields.get(path)
            if day and surely_before(limit, day):
                yield Fault(path)

    return ask


CHECKS: Mapping[str, Check] = {
    "known-days-in-order": Check(_known_in_order, frozenset({"earlier", "later"})),
    "known-days-not-after-today": Check(_known_not_after_today, frozenset({"paths"})),
}
