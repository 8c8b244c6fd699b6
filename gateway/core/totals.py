"""The check that a total is the sum of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, texts


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
        wanted = _decimal(fields.get(place))
        found = [(_decimal(fields.get(f"{one}/{amount}", "0")), fields.get(f"{one}/{per}")) for one in parts]
        due = [(value, period) for value, period in found if value != 0]
        alike = all(period == fields.get(f"{total}/{per}") for _, period in due)
        values = [value for value, _ in due if value is not None]
        if wanted is not None and alike and len(values) == len(due) and sum(values) != wanted:
            yield Fault(place)

    return ask


def _decimal(text: str | None) -> Decimal | None:
    """An amount of the canonical form; None for anything else, which the schema reports."""
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None


CHECKS: Mapping[str, Check] = {
    "adds-up": Check(_adds_up, frozenset({"total", "parts", "amount", "per"})),
}
