"""Which values the answer of a check hangs on, for each kind of check.

A check that looks at the transaction and at which paths are filled, never at a value, says of every record with the
same paths the same. For the others a record tells which of its values matter and how: as long as each of them is on the
same side of its test, the check finds the same faults in the same places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from gateway.core.catalog import Catalog, Rule, block_prefixes
from gateway.core.checks import coded_fields
from gateway.core.conditional import is_positive
from gateway.core.functional_matrix import FieldMark
from gateway.core.matrix import chooser
from gateway.core.question import Question, number, texts

Test = Callable[[str], object]
"""True or false of one value."""
Tested = tuple[str, Test]
"""A path, and the test that its value has to pass."""
Settle = Callable[[Question], Iterable[Tested] | None]
"""What the values of another record with the same paths have to pass; None: nothing settles it, ask again."""


def _alike(path: str, value: str, test: Test) -> Tested:
    """That another value is on the same side of a test."""
    return path, test if test(value) else lambda other: not test(other)


def _by_paths(_rule: Rule, _catalog: Catalog) -> Settle:
    return lambda _question: ()


def _pattern(rule: Rule, _catalog: Catalog) -> Settle:
    patterns, fits = texts(rule, "paths"), re.compile(str(rule.parameters["pattern"]), re.ASCII).fullmatch
    return lambda question: [_alike(*place, fits) for one in patterns for place in question.present(one)]


def _not_after_today(rule: Rule, _catalog: Catalog) -> Settle:
    patterns, days = texts(rule, "paths"), number(rule, "before", 0)

    def settle(question: Question) -> Iterator[Tested]:
        in_time = date.fromordinal(question.today.toordinal() - days).isoformat().__ge__
        return (_alike(*place, in_time) for one in patterns for place in question.present(one))

    return settle


def _within_days(rule: Rule, _catalog: Catalog) -> Settle:
    patterns, days = texts(rule, "paths"), number(rule, "days", 0)

    def settle(question: Question) -> Iterator[Tested]:
        in_time = date.fromordinal(question.today.toordinal() - days).isoformat().__le__
        return (_alike(*place, in_time) for one in patterns for place in question.present(one))

    return settle


def _in_order(rule: Rule, _catalog: Catalog) -> Settle:
    """Settled where no block has both days."""
    earlier, later = str(rule.parameters["earlier"]), str(rule.parameters["later"])

    def settle(question: Question) -> Iterable[Tested] | None:
        fields = question.content.fields
        pairs = zip(question.places(earlier), question.places(later), strict=True)
        return None if any(first in fields and second in fields for first, second in pairs) else ()

    return settle


def _any_filled_if(rule: Rule, _catalog: Catalog) -> Settle:
    condition, equal = str(rule.parameters["condition"]), str(rule.parameters["equals"]).__eq__
    return lambda question: [_alike(*place, equal) for place in question.present(condition)]


def _values_among(rule: Rule, _catalog: Catalog) -> Settle:
    pattern = str(rule.parameters["path"])
    return lambda question: [(path, value.__eq__) for path, value in question.present(pattern)]


def _layout_codes(rule: Rule, catalog: Catalog) -> Settle:
    coded = [
        (layout, [(path, frozenset(codes.codes).__contains__) for path, codes in lists])
        for layout, lists in coded_fields(rule, catalog)
    ]

    def settle(question: Question) -> Iterator[Tested]:
        fields = question.content.fields
        for layout, lists in coded:
            for prefix in block_prefixes(layout, question.blocks):
                for path, known in lists:
                    if (value := fields.get(f"{prefix}{path}")) is not None:
                        yield _alike(f"{prefix}{path}", value, known)

    return settle


# --- conditions ------------------------------------------------------------------------------------------------------


def _by_value(rule: Rule) -> tuple[tuple[str, Test], ...]:
    """The conditions of a rule that look at a value: path below the block, and test."""
    found: list[tuple[str, Test]] = []
    for name in ("equals", "differs"):
        for pair in texts(rule, name):
            path, _, value = pair.partition("=")
            found.append((path, value.__eq__))
    if "positive" in rule.parameters:
        found.append((str(rule.parameters["positive"]), is_positive))
    return tuple(found)


def _conditional(rule: Rule, _catalog: Catalog) -> Settle:
    """Settled without a look at the condition wherever all that it might ask for is there."""
    block, paths, conditions = str(rule.parameters["block"]), texts(rule, "paths"), _by_value(rule)

    def settle(question: Question) -> Iterator[Tested]:
        fields = question.content.fields
        for prefix in question.prefixes(block):
            if not all(prefix + path in fields for path in paths):
                for path, test in conditions:
                    if (value := fields.get(prefix + path)) is not None:
                        yield _alike(prefix + path, value, test)

    return settle


def _advised(rule: Rule, _catalog: Catalog) -> Settle:
    block, path, conditions = str(rule.parameters["block"]), str(rule.parameters["path"]), _by_value(rule)
    advised = frozenset(texts(rule, "values")).__contains__

    def settle(question: Question) -> Iterator[Tested]:
        fields = question.content.fields
        for prefix in question.prefixes(block):
            for below, test in ((path, advised), *conditions):
                if (value := fields.get(prefix + below)) is not None:
                    yield _alike(prefix + below, value, test)

    return settle


# --- the functional matrix -------------------------------------------------------------------------------------------


def _marks(rule: Rule, catalog: Catalog) -> Callable[[Question], list[FieldMark]]:
    is_chosen = chooser(rule)
    ready: dict[str, list[FieldMark]] = {}

    def marks(question: Question) -> list[FieldMark]:
        key = question.facts.transaction or ""
        if key not in ready:
            if key not in catalog.marks:
                return []
            ready[key] = [one for one in catalog.marks[key].fields if is_chosen(one)]
        return ready[key]

    return marks


def _only(mark: FieldMark, prefix: str, fields: Mapping[str, str]) -> Iterator[Tested]:
    """The value on which it hangs whether a mark holds."""
    if mark.only and (value := fields.get(prefix + mark.only[0])) is not None:
        yield _alike(prefix + mark.only[0], value, mark.only[1].__eq__)


def _matrix_fields(rule: Rule, catalog: Catalog) -> Settle:
    marks = _marks(rule, catalog)

    def settle(question: Question) -> Iterator[Tested]:
        fields = question.content.fields
        for one in marks(question):
            for prefix in question.prefixes(one.block):
                if prefix + one.path not in fields:
                    yield from _only(one, prefix, fields)

    return settle


def _matrix_values(rule: Rule, catalog: Catalog) -> Settle:
    marks = _marks(rule, catalog)

    def settle(question: Question) -> Iterator[Tested]:
        fields = question.content.fields
        for one in marks(question):
            for prefix in question.prefixes(one.block):
                if one.values and (value := fields.get(prefix + one.path)) is not None:
                    yield _alike(prefix + one.path, value, one.values.__contains__)
                    yield from _only(one, prefix, fields)

    return settle


SETTLED: Mapping[str, Callable[[Rule, Catalog], Settle]] = {
    **dict.fromkeys(
        (
            "known-triple",
            "core-triple",
            "replaced-triple",
            "filled",
            "any-filled",
            "filled-in-block",
            "together",
            "blocks",
            "layout-required",
            "matrix-blocks",
        ),
        _by_paths,
    ),
    "pattern": _pattern,
    "not-after-today": _not_after_today,
    "within-days": _within_days,
    "in-order": _in_order,
    "any-filled-if": _any_filled_if,
    "values-among": _values_among,
    "layout-codes": _layout_codes,
    "needed": _conditional,
    "any-needed": _conditional,
    "advised": _advised,
    "matrix-fields": _matrix_fields,
    "matrix-values": _matrix_values,
}
"""A check without a line here is asked of every record."""
