"""The business rules: small pure checks in one table, parametrised by the rows of ``schemas/rules``.

A check is made ready once for each rule (``CHECKS[name].prepare``) and then asked for each record. It names the faulty
places by canonical path, never by value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Catalog, CodeList, Layout, Match, Need, Rule, block_prefixes, count_blocks
from gateway.core.faultless import BY_PATHS, Faultless
from gateway.core.model import Content, Facts, Finding, FormatName, Kind

FORMAT_CHECK = "format"
"""The check of rules that the codecs report themselves; their rows give title and fix."""


class Question:
    """One record before the rules."""

    __slots__ = ("_blocks", "content", "facts", "today")

    def __init__(self, content: Content, facts: Facts, today: date) -> None:
        self.content, self.facts, self.today = content, facts, today
        self._blocks: Mapping[str, int] | None = None

    @property
    def blocks(self) -> Mapping[str, int]:
        """How many blocks of each name the record has."""
        if self._blocks is None:
            self._blocks = count_blocks(self.content)
        return self._blocks

    def present(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Every filled place of a pattern, with its value."""
        for path in self.places(pattern):
            if (value := self.content.fields.get(path)) is not None:
                yield path, value

    def places(self, pattern: str) -> tuple[str, ...]:
        """Every place of a pattern: the path itself, or one path for each block that the record has."""
        head, star, tail = pattern.partition("[*]")
        if not star:
            return (pattern,)
        count = self.blocks.get(head, 0)
        return tuple(f"{head}[{number}]{tail}" for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a rule is broken; ``note`` holds codes and counts, never values of the record."""

    path: str | None
    note: str | None = None


Ask = Callable[[Question], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Check:
    """How a kind of rule is checked and which parameters it needs."""

    prepare: Callable[[Rule, Catalog], Ask]
    parameters: frozenset[str]


def _texts(rule: Rule, key: str) -> tuple[str, ...]:
    value = rule.parameters.get(key, ())
    return value if isinstance(value, tuple) else (str(value),)


def _number(rule: Rule, key: str, default: int) -> int:
    value = rule.parameters.get(key, default)
    return value if isinstance(value, int) else default


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


def _filled(rule: Rule, _catalog: Catalog) -> Ask:
    patterns = _texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        return (Fault(path) for pattern in patterns for path in question.places(pattern) if path not in fields)

    return ask


def _any_filled(rule: Rule, _catalog: Catalog) -> Ask:
    patterns = _texts(rule, "paths")

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
    patterns = [f"{rule.parameters['block']}/{name}" for name in _texts(rule, "paths")]

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for paths in zip(*(question.places(pattern) for pattern in patterns), strict=True):
            missing = [path for path in paths if path not in fields]
            if len(missing) < len(paths):
                yield from (Fault(path) for path in missing)

    return ask


def _filled_in_block(rule: Rule, _catalog: Catalog) -> Ask:
    """The paths below ``block`` are filled wherever the block is there."""
    block, names = str(rule.parameters["block"]), _texts(rule, "paths")

    def ask(question: Question) -> Iterator[Fault]:
        if question.blocks.get(block):
            fields = question.content.fields
            paths = (path for name in names for path in question.places(f"{block}/{name}"))
            yield from (Fault(path) for path in paths if path not in fields)

    return ask


def _blocks(rule: Rule, _catalog: Catalog) -> Ask:
    block, least = str(rule.parameters["block"]), _number(rule, "least", 1)

    def ask(question: Question) -> Iterator[Fault]:
        count = question.blocks.get(block, 0)
        if count < least:
            yield Fault(block, f"expected at least {least}, found {count}")

    return ask


def _values_among(rule: Rule, _catalog: Catalog) -> Ask:
    """At least one place of the pattern has each of the values."""
    pattern, wanted = str(rule.parameters["path"]), _texts(rule, "values")

    def ask(question: Question) -> Iterator[Fault]:
        found = {value for _, value in question.present(pattern)}
        return (Fault(pattern.partition("[")[0], f"none has {value}") for value in wanted if value not in found)

    return ask


def _pattern(rule: Rule, _catalog: Catalog) -> Ask:
    """Every filled place matches the regular expression as a whole."""
    patterns, expression = _texts(rule, "paths"), re.compile(str(rule.parameters["pattern"]), re.ASCII)

    def ask(question: Question) -> Iterator[Fault]:
        for pattern in patterns:
            for path, value in question.present(pattern):
                if not expression.fullmatch(value):
                    yield Fault(path)

    return ask


def _not_after_today(rule: Rule, _catalog: Catalog) -> Ask:
    patterns, days = _texts(rule, "paths"), _number(rule, "before", 0)

    def ask(question: Question) -> Iterator[Fault]:
        limit = date.fromordinal(question.today.toordinal() - days).isoformat()
        for pattern in patterns:
            for path, value in question.present(pattern):
                if value > limit:
                    yield Fault(path)

    return ask


def _in_order(rule: Rule, _catalog: Catalog) -> Ask:
    """Of two days in the same block, ``later`` does not come before ``earlier`` (nor with it, when ``strict``)."""
    earlier, later = str(rule.parameters["earlier"]), str(rule.parameters["later"])
    strict = bool(rule.parameters.get("strict", False))

    def ask(question: Question) -> Iterator[Fault]:
        fields = question.content.fields
        for first, second in zip(question.places(earlier), question.places(later), strict=True):
            start, end = fields.get(first), fields.get(second)
            if start and end and (end < start or (strict and end == start)):
                yield Fault(second)

    return ask


def _layouts(rule: Rule, catalog: Catalog) -> tuple[Layout, ...]:
    return tuple(catalog.layouts[name] for name in _texts(rule, "layouts"))


def _layout_required(rule: Rule, catalog: Catalog) -> Ask:
    """Every field that a layout marks required is filled in each block that is there."""
    skipped = frozenset(_texts(rule, "except"))
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


def _layout_codes(rule: Rule, catalog: Catalog) -> Ask:
    """Every filled field of a layout that has a code list holds one of its codes."""
    coded: list[tuple[Layout, list[tuple[str, CodeList]]]] = [
        (layout, [(f.path, catalog.codes[f.codes]) for f in layout.fields if f.path and f.codes])
        for layout in _layouts(rule, catalog)
    ]

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
    "filled": Check(_filled, frozenset({"paths"})),
    "any-filled": Check(_any_filled, frozenset({"paths"})),
    "any-filled-if": Check(_any_filled_if, frozenset({"condition", "equals", "paths"})),
    "filled-in-block": Check(_filled_in_block, frozenset({"block", "paths"})),
    "together": Check(_together, frozenset({"block", "paths"})),
    "blocks": Check(_blocks, frozenset({"block"})),
    "values-among": Check(_values_among, frozenset({"path", "values"})),
    "pattern": Check(_pattern, frozenset({"paths", "pattern"})),
    "not-after-today": Check(_not_after_today, frozenset({"paths"})),
    "in-order": Check(_in_order, frozenset({"earlier", "later"})),
    "layout-required": Check(_layout_required, frozenset({"layouts"})),
    "layout-codes": Check(_layout_codes, frozenset({"layouts"})),
}


def faults_of_parameters(rule: Rule, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the parameters of a rule whose check is known."""
    if rule.check == FORMAT_CHECK:
        return
    for missing in sorted(CHECKS[rule.check].parameters - set(rule.parameters)):
        yield f"parameter {missing} is missing"
    for name in _texts(rule, "layouts"):
        if name not in catalog.layouts:
            yield f"unknown layout {name}"
    try:
        re.compile(str(rule.parameters.get("pattern", "")))
    except re.error:
        yield "parameter pattern is not a regular expression"


def matches(match: Match, facts: Facts) -> bool:
    """Whether a transaction is one of those that the match describes."""
    reason = facts.tags.get("reason", "")
    stage = reason[1:2]
    return (
        (not match.function or facts.tags.get("function", "") in match.function)
        and (not match.action or facts.tags.get("action", "") in match.action)
        and (not match.reason or reason in match.reason)
        and (not match.stage or stage in match.stage)
        and (not match.not_stage or stage not in match.not_stage)
    )


def concerns(rule: Rule, facts: Facts) -> bool:
    """Whether a rule is about this transaction."""
    if rule.when and not any(matches(match, facts) for match in rule.when):
        return False
    return not any(matches(match, facts) for match in rule.unless)


def in_force(rule: Rule, today: date) -> bool:
    """Whether a rule holds on that day."""
    return not ((rule.since and today < rule.since) or (rule.until and today > rule.until))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rules about a kind of transaction."""

    every: Sequence[tuple[Rule, Ask]]
    by_value: Sequence[tuple[Rule, Ask]]
    """Those of them that have to be asked of each record anew."""


class BusinessRules:
    """The port ``Rules`` over the rules of a catalog. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._ready = [
            (rule, CHECKS[rule.check].prepare(rule, catalog))
            for rule in catalog.rules.values()
            if rule.check != FORMAT_CHECK
        ]
        self._chosen: dict[tuple[Kind, FormatName, str | None], Chosen] = {}
        self._faultless = Faultless()

    def __reduce__(self) -> tuple[type[BusinessRules], tuple[Catalog]]:
        return BusinessRules, (self._catalog,)

    def judge(
        self, content: Content, facts: Facts, format: FormatName, ordinal: int, today: date
    ) -> tuple[Finding, ...]:
        """All broken rules, in the order of the rule tables."""
        chosen = self._rules(content.kind, format, facts)
        shape = (content.kind, format, facts.transaction, today, *content.fields)
        known = shape in self._faultless
        question = Question(content, facts, today)
        found = [
            self._finding(rule, fault, question, format, ordinal)
            for rule, ask in (chosen.by_value if known else chosen.every)
            if in_force(rule, today)
            for fault in ask(question)
        ]
        if not known and not found:
            self._faultless.keep(shape)
        return tuple(found)

    def _rules(self, kind: Kind, format: FormatName, facts: Facts) -> Chosen:
        """The rules about a transaction; remembered for the known ones, so thousands of rules cost nothing."""
        key = (kind, format, facts.transaction)
        chosen = self._chosen.get(key)
        if chosen is None:
            every = [
                (rule, ask)
                for rule, ask in self._ready
                if (not rule.kinds or kind in rule.kinds)
                and (not rule.formats or format in rule.formats)
                and concerns(rule, facts)
            ]
            chosen = Chosen(every, [(rule, ask) for rule, ask in every if rule.check not in BY_PATHS])
            if facts.transaction is None or facts.transaction in self._catalog.triples:
                self._chosen[key] = chosen
        return chosen

    def _finding(self, rule: Rule, fault: Fault, question: Question, format: FormatName, ordinal: int) -> Finding:
        place = self._catalog.position(format, question.content, fault.path) if fault.path else None
        return Finding(
            rule=rule.code,
            severity=rule.severity,
            record=ordinal,
            field=place.field if place else rule.field_name,
            path=fault.path,
            start=place.start if place else None,
            length=place.length if place else None,
            note=fault.note,
        )


def told(read: Sequence[Finding], schema: Sequence[Finding], judged: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of reading, schema and rules without echoes. A field that could not be read is not reported as
    missing as well; where a rule and the schema fault the same place, the rule says it in the sender's words."""
    unread = {finding.path for finding in read if finding.path}
    ruled = tuple(finding for finding in judged if finding.path not in unread)
    known = unread | {finding.path for finding in ruled if finding.path and finding.severity.blocks}
    return (*read, *(finding for finding in schema if finding.path not in known), *ruled)
