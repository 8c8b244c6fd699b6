"""A check of what may stand in a record at all, by the value of another place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, texts


def _stands_only(rule: Rule, _catalog: Catalog) -> Ask:
    """The elements below the root that ``names`` lists stand only where ``condition`` has one of ``values``. One fault
    for each name that stands there all the same."""
    names, condition, values = texts(rule, "names"), str(rule.parameters["condition"]), texts(rule, "values")

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        if fields.get(condition) in values:
            return
        standing = dict.fromkeys(path.partition("/")[0].partition("[")[0] for path in fields)
        yield from (Fault(name) for name in names if name in standing)

    return ask


CHECKS: Mapping[str, Check] = {
    "stands-only": Check(_stands_only, frozenset({"names", "condition", "values"})),
}
