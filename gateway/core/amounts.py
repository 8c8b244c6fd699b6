"""Checks that compare amounts: whole dollars (``150``) or dollars and cents (``12.30``, ``-1.00``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, number, texts


def _amount(text: str | None) -> Decimal | None:
    """None for what is absent or no number: that is for the schema to tell."""
    try:
        found = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def _at_least_if(rule: Rule, _catalog: Catalog) -> Ask:
    """The amount of ``path`` is at least ``least`` where the path ``condition`` has the value ``equals``."""
    path, least = str(rule.parameters["path"]), number(rule, "least", 0)
    condition, equals = str(rule.parameters["condition"]), str(rule.parameters["equals"])

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        if fields.get(condition) == equals:
            found = _amount(fields.get(path))
            if found is not None and found < least:
                yield Fault(path, f"expected at least {least}")

    return ask


def _one_amount(rule: Rule, _catalog: Catalog) -> Ask:
    """At most one of the amounts is not zero; the fault stands at the second that is not."""
    paths = texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        filled = [path for path in paths if _amount(fields.get(path))]
        yield from (Fault(path) for path in filled[1:2])

    return ask


def _adds_up(rule: Rule, _catalog: Catalog) -> Ask:
    """The amount of the block ``total`` is that of the blocks ``parts`` together.

    ``amount`` and ``per`` are paths below each of them; parts that are due in another period than the total cannot be
    added, so nothing is said then.
    """
    total, parts = str(rule.parameters["total"]), texts(rule, "parts")
    amount, per = str(rule.parameters["amount"]), str(rule.parameters["per"])

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        place = f"{total}/{amount}"
        wanted = _amount(fields.get(place))
        found = [(_amount(fields.get(f"{one}/{amount}", "0")), fields.get(f"{one}/{per}")) for one in parts]
        due = [(value, period) for value, period in found if value != 0]
        alike = all(period == fields.get(f"{total}/{per}") for _, period in due)
        values = [value for value, _ in due if value is not None]
        if wanted is not None and alike and len(values) == len(due) and sum(values) != wanted:
            yield Fault(place)

    return ask


CHECKS: Mapping[str, Check] = {
    "at-least-if": Check(_at_least_if, frozenset({"condition", "equals", "path", "least"})),
    "adds-up": Check(_adds_up, frozenset({"total", "parts", "amount", "per"})),
    "one-amount": Check(_one_amount, frozenset({"paths"})),
}
