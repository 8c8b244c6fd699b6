"""The checks of the business rules: small pure predicates in one table, parametrised by the rows of ``schemas/rules``.

A check is made ready once for each rule (``CHECKS[name].prepare``) and then asked for each record. It names the faulty
places by canonical path, never by value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from gateway.core import alternatives, amounts, conditional, known_days, matrix, presence
from gateway.core.catalog import Catalog, CodeList, Layout, Need, Rule, block_prefixes
from gateway.core.question import Ask, Check, Fault, Question, number, texts

FORMAT_CHECK = "format"
"""The check of rules that the codecs report themselves; their rows give title and fix."""


def _known_triple(_rule: Rule, catalog: Catalog) -> Ask:
    def ask(question: Question) -> Iterator[Fault]:
        if (question.facts.transaction or "") not in catalog.triples:
            yield Fault("Header/Reason")

    return ask


def _core_triple(_rule: Rule, catalog: Catalog) -> Ask:
    def ask(question: Question) -> Iterator[Fault]:
        triple = catalog.triples.get(question.facts.transaction or "")
        if triple is not None and not triple.core:
            yield Fault("Header/Reason", f"send {triple.replacement}" if triple.replacement else None)

    return ask


def _replaced_triple(rule: Rule, _catalog: Catalog) -> Ask:
    """Always a fault: the rule is about transactions that the hub turns into another."""
    note = f"it arrives as {rule.parameters['becomes']}"

    def ask(_question: Question) -> Iterator[Fault]:
        yield Fault("Header/Reason", note)

    return ask


def _filled(rule: Rule, _catalog: Catalog) -> Ask:
    patterns = texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        return (Fault(path) for pattern in patterns for path in question.places(pattern) if path not in fields)

    return ask


def _any_filled(rule: Rule, _catalog: Catalog) -> Ask:
    patterns = texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        if not any(True for pattern in patterns for _ in question.present(pattern)):
            yield Fault(patterns[0])

    return ask


def _any_filled_if(rule: Rule, catalog: Catalog) -> Ask:
    """``any-filled``, but only when the path ``condition`` has the value ``equals``."""
    condition, equals = str(rule.parameters["condition"]), str(rule.parameters["equals"])
    any_filled = _any_filled(rule, catalog)

    def ask(question: Question) -> Iterator[Fault]:
        if question.content.fields.get(condition) == equals:
            yield from any_filled(question)

    return ask


def _together(rule: Rule, _catalog: Catalog) -> Ask:
    """All of the paths below ``block`` or none of them."""
    patterns = [f"{rule.parameters['block']}/{name}" for name in texts(rule, "paths")]

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for paths in zip(*(question.places(pattern) for pattern in patterns), strict=True):
            missing = [path for path in paths if path not in fields]
            if len(missing) < len(paths):
                yield from (Fault(path) for path in missing)

    return ask


def _filled_in_block(rule: Rule, _catalog: Catalog) -> Ask:
    """The paths below ``block`` are filled wherever the block is there."""
    block, names = str(rule.parameters["block"]), texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        if question.blocks.get(block):
            fields = question.content.fields
            paths = (path for name in names for path in question.places(f"{block}/{name}"))
            yield from (Fault(path) for path in paths if path not in fields)

    return ask


def _blocks(rule: Rule, _catalog: Catalog) -> Ask:
    block, least = str(rule.parameters["block"]), number(rule, "least", 1)

    def ask(question: Question) -> Iterator[Fault]:
        count = question.blocks.get(block, 0)
        if count < least:
            yield Fault(block, f"expected at least {least}, found {count}")

    return ask


def _values_among(rule: Rule, _catalog: Catalog) -> Ask:
    """At least one place of the pattern has each of the values."""
    pattern, wanted = str(rule.parameters["path"]), texts(rule, "values")

    def ask(question: Question) -> Iterator[Fault]:
        found = {value for _, value in question.present(pattern)}
        return (Fault(pattern.partition("[")[0], f"none has {value}") for value in wanted if value not in found)

    return ask


def _pattern(rule: Rule, _catalog: Catalog) -> Ask:
    """Every filled place matches the regular expression as a whole."""
    patterns, expression = texts(rule, "paths"), re.compile(str(rule.parameters["pattern"]), re.ASCII)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for pattern in patterns:
            for path in question.places(pattern):
                value = fields.get(path)
                if value is not None and not expression.fullmatch(value):
                    yield Fault(path)

    return ask


def _not_after_today(rule: Rule, _catalog: Catalog) -> Ask:
    patterns, days = texts(rule, "paths"), number(rule, "before", 0)

    def ask(question: Question) -> Iterator[Fault]:
        limit = date.fromordinal(question.today.toordinal() - days).isoformat()
        for pattern in patterns:
            for path, value in question.present(pattern):
                if value > limit:
                    yield Fault(path)

    return ask


def _within_days(rule: Rule, _catalog: Catalog) -> Ask:
    """Every filled place is a day at most ``days`` ago."""
    patterns, days = texts(rule, "paths"), number(rule, "days", 0)

    def ask(question: Question) -> Iterator[Fault]:
        limit = date.fromordinal(question.today.toordinal() - days).isoformat()
        for pattern in patterns:
            for path, value in question.present(pattern):
                if value < limit:
                    yield Fault(path)

    return ask


def _in_order(rule: Rule, _catalog: Catalog) -> Ask:
    """Of two days in the same block, ``later`` does not come before ``earlier`` (nor with it, when ``strict``).

    With ``apart`` it comes at least so many days after it; days in the wrong order are then another rule's business."""
    earlier, later = str(rule.parameters["earlier"]), str(rule.parameters["later"])
    strict, apart = bool(rule.parameters.get("strict", False)), number(rule, "apart", 0)

    def is_wrong(start: str, end: str) -> bool:
        if apart:
            return 0 <= _days_between(start, end) < apart
        return end < start or (strict and end == start)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for first, second in zip(question.places(earlier), question.places(later), strict=True):
            start, end = fields.get(first), fields.get(second)
            if start and end and is_wrong(start, end):
                yield Fault(second)

    return ask


def _days_between(start: str, end: str) -> int:
    """Negative for days in the wrong order, and for texts that are no days, which the schema tells."""
    try:
        return (date.fromisoformat(end) - date.fromisoformat(start)).days
    except ValueError:
        return -1


def _layouts(rule: Rule, catalog: Catalog) -> tuple[Layout, ...]:
    return tuple(catalog.layouts[name] for name in texts(rule, "layouts"))


def _layout_required(rule: Rule, catalog: Catalog) -> Ask:
    """Every field that a layout marks required is filled in each block that is there."""
    skipped = frozenset(texts(rule, "except"))
    wanted = [
        (layout, [f.path for f in layout.fields if f.path and f.required is Need.REQUIRED and f.path not in skipped])
        for layout in _layouts(rule, catalog)
    ]

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for layout, paths in wanted:
            for prefix in block_prefixes(layout, question.blocks):
                yield from (Fault(prefix + path) for path in paths if prefix + path not in fields)

    return ask


def coded_fields(rule: Rule, catalog: Catalog) -> list[tuple[Layout, list[tuple[str, CodeList]]]]:
    """The paths with code lists of a rule's layouts; one that several layouts have alike is asked about once."""
    seen: set[tuple[str | None, str, str]] = set()
    found = []
    for layout in _layouts(rule, catalog):
        lists = [(f.path, f.codes) for f in layout.fields if f.path and f.codes]
        fresh = [(path, catalog.codes[name]) for path, name in lists if (layout.block, path, name) not in seen]
        seen |= {(layout.block, path, name) for path, name in lists}
        found.append((layout, fresh))
    return found


def _layout_codes(rule: Rule, catalog: Catalog) -> Ask:
    """Every filled field of a layout that has a code list holds one of its codes."""
    coded = coded_fields(rule, catalog)

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for layout, lists in coded:
            for prefix in block_prefixes(layout, question.blocks):
                for path, codes in lists:
                    value = fields.get(prefix + path)
                    if value is not None and value not in codes.codes:
                        yield Fault(prefix + path, f"not in code list {codes.name}")

    return ask


CHECKS: Mapping[str, Check] = {
    "known-triple": Check(_known_triple, frozenset()),
    "core-triple": Check(_core_triple, frozenset()),
    "replaced-triple": Check(_replaced_triple, frozenset({"becomes"})),
    "filled": Check(_filled, frozenset({"paths"})),
    "any-filled": Check(_any_filled, frozenset({"paths"})),
    "any-filled-if": Check(_any_filled_if, frozenset({"condition", "equals", "paths"})),
    "filled-in-block": Check(_filled_in_block, frozenset({"block", "paths"})),
    "together": Check(_together, frozenset({"block", "paths"})),
    "blocks": Check(_blocks, frozenset({"block"})),
    "values-among": Check(_values_among, frozenset({"path", "values"})),
    "pattern": Check(_pattern, frozenset({"paths", "pattern"})),
    "not-after-today": Check(_not_after_today, frozenset({"paths"})),
    "within-days": Check(_within_days, frozenset({"paths", "days"})),
    "in-order": Check(_in_order, frozenset({"earlier", "later"})),
    "layout-required": Check(_layout_required, frozenset({"layouts"})),
    "layout-codes": Check(_layout_codes, frozenset({"layouts"})),
    **amounts.CHECKS,
    **conditional.CHECKS,
    **alternatives.CHECKS,
    **known_days.CHECKS,
    **matrix.CHECKS,
    **presence.CHECKS,
}


def faults_of_parameters(rule: Rule, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the parameters of a rule whose check is known."""
    if rule.check == FORMAT_CHECK:
        return
    for missing in sorted(CHECKS[rule.check].parameters - set(rule.parameters)):
        yield f"parameter {missing} is missing"
    yield from matrix.faults_of_parameters(rule)
    for name in texts(rule, "layouts"):
        if name not in catalog.layouts:
            yield f"unknown layout {name}"
    if (codes := rule.parameters.get("codes")) is not None and codes not in catalog.codes:
        yield f"unknown code list {codes}"
    try:
        re.compile(str(rule.parameters.get("pattern", "")))
    except re.error:
        yield "parameter pattern is not a regular expression"
