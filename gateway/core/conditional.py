"""Checks that hold for a block (empty: the record), or for each of several, under a condition on other fields.

Parameters that name the condition, all paths below ``block``, all optional, all of them must hold: ``given`` (any of
these paths is filled), ``blank`` (this path is not), ``positive`` (this amount is more than 0), ``equals`` and
``differs`` (``path=value``, of ``differs`` several too); and ``without``: this path, counted from the root, is not
filled, ``beside``: this one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, texts

Fields = Mapping[str, str]
Condition = Callable[[Fields, str], bool]
"""Asked with the fields of a record and the prefix of one block."""


def _given(rule: Rule) -> Condition:
    paths = texts(rule, "given")
    return lambda fields, prefix: any(prefix + path in fields for path in paths)


def _blank(rule: Rule) -> Condition:
    path = str(rule.parameters["blank"])
    return lambda fields, prefix: prefix + path not in fields


def _positive(rule: Rule) -> Condition:
    path = str(rule.parameters["positive"])
    return lambda fields, prefix: is_positive(fields.get(prefix + path, ""))


def _equals(rule: Rule) -> Condition:
    path, _, value = str(rule.parameters["equals"]).partition("=")
    return lambda fields, prefix: fields.get(prefix + path) == value


def _differs(rule: Rule) -> Condition:
    pairs = [(path, value) for path, _, value in (text.partition("=") for text in texts(rule, "differs"))]
    return lambda fields, prefix: all(fields.get(prefix + path) != value for path, value in pairs)


def _without(rule: Rule) -> Condition:
    path = str(rule.parameters["without"])
    return lambda fields, _prefix: path not in fields


def _beside(rule: Rule) -> Condition:
    path = str(rule.parameters["beside"])
    return lambda fields, _prefix: path in fields


CONDITIONS: Mapping[str, Callable[[Rule], Condition]] = {
    "given": _given,
    "blank": _blank,
    "positive": _positive,
    "equals": _equals,
    "differs": _differs,
    "without": _without,
    "beside": _beside,
}


def is_positive(amount: str) -> bool:
    """Whether an amount of the canonical form (``12.30``, ``-1.00``) is more than 0."""
    return not amount.startswith("-") and any(digit in "123456789" for digit in amount)


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return tuple(make(rule) for name, make in CONDITIONS.items() if name in rule.parameters)


def _blocks(rule: Rule) -> Callable[[Question], Iterator[str]]:
    """The prefix of each block that the condition holds for."""
    blocks, conditions = texts(rule, "block"), _conditions(rule)

    def prefixes(question: Question) -> Iterator[str]:
        fields = question.content.fields
        for block in blocks:
            for prefix in question.prefixes(block):
                if all(holds(fields, prefix) for holds in conditions):
                    yield prefix

    return prefixes


def _needed(rule: Rule, _catalog: Catalog) -> Ask:
    """All of the paths are filled."""
    paths, prefixes = texts(rule, "paths"), _blocks(rule)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            for path in paths:
                if prefix + path not in fields:
                    yield Fault(prefix + path)

    return ask


def _any_needed(rule: Rule, _catalog: Catalog) -> Ask:
    """At least one of the paths is filled; the fault stands at the first."""
    paths, prefixes = texts(rule, "paths"), _blocks(rule)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            if not any(prefix + path in fields for path in paths):
                yield Fault(prefix + paths[0])

    return ask


def _advised(rule: Rule, _catalog: Catalog) -> Ask:
    """A filled path holds one of the values."""
    path, values, prefixes = str(rule.parameters["path"]), texts(rule, "values"), _blocks(rule)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            value = fields.get(prefix + path)
            if value is not None and value not in values:
                yield Fault(prefix + path, f"expected {' or '.join(values)}")

    return ask


def _unwanted(rule: Rule, _catalog: Catalog) -> Ask:
    """None of the paths is filled."""
    paths, prefixes = texts(rule, "paths"), _blocks(rule)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            for path in paths:
                if prefix + path in fields:
                    yield Fault(prefix + path)

    return ask


def _held(rule: Rule, _catalog: Catalog) -> Ask:
    """Every filled path holds one of the values."""
    paths, values, prefixes = texts(rule, "paths"), texts(rule, "values"), _blocks(rule)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            for path in paths:
                if fields.get(prefix + path, values[0]) not in values:
                    yield Fault(prefix + path, f"expected {' or '.join(values)}")

    return ask


def _listed(rule: Rule, catalog: Catalog) -> Ask:
    """A filled path holds a code of the list."""
    path, prefixes = str(rule.parameters["path"]), _blocks(rule)
    codes = catalog.codes[str(rule.parameters["codes"])]

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for prefix in prefixes(question):
            value = fields.get(prefix + path)
            if value is not None and value not in codes.codes:
                yield Fault(prefix + path, f"not in code list {codes.name}")

    return ask


CHECKS: Mapping[str, Check] = {
    "unwanted": Check(_unwanted, frozenset({"block", "paths"})),
    "held": Check(_held, frozenset({"block", "paths", "values"})),
    "listed": Check(_listed, frozenset({"block", "path", "codes"})),
    "needed": Check(_needed, frozenset({"block", "paths"})),
    "any-needed": Check(_any_needed, frozenset({"block", "paths"})),
    "advised": Check(_advised, frozenset({"block", "path", "values"})),
}
