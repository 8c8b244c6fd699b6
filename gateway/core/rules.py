"""The port ``Rules``: which rules of the catalog are about a record, and what they find in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.core.catalog import Catalog, Match, Rule
from gateway.core.checks import CHECKS, FORMAT_CHECK
from gateway.core.model import Content, Facts, Finding, FormatName, Kind
from gateway.core.precedents import Asked, Precedents, Shape, precedent, settling
from gateway.core.question import Fault, Question


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


class BusinessRules:
    """The port ``Rules`` over the rules of a catalog. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._ready = [
            Asked(rule, CHECKS[rule.check].prepare(rule, catalog), settling(rule, catalog))
            for rule in catalog.rules.values()
            if rule.check != FORMAT_CHECK
        ]
        self._chosen: dict[tuple[Kind, FormatName, str | None], Sequence[Asked]] = {}
        self._precedents = Precedents()

    def __reduce__(self) -> tuple[type[BusinessRules], tuple[Catalog]]:
        return BusinessRules, (self._catalog,)

    def judge(
        self, content: Content, facts: Facts, format: FormatName, ordinal: int, today: date
    ) -> tuple[Finding, ...]:
        """All broken rules, in the order of the rule tables."""
        shape = (content.kind, format, facts.transaction, today, content.outline)
        known = self._precedents.get(shape)
        if known is not None and not known.is_alike(content.fields):
            known = None
        if known is not None and known.is_silent:
            return ()
        question = Question(content, facts, today)
        found = known.found if known is not None and known.binds(question) else self._found(question, format, shape)
        return tuple([self._finding(rule, fault, question, format, ordinal) for rule, fault in found]) if found else ()

    def _found(self, question: Question, format: FormatName, shape: Shape) -> Sequence[tuple[Rule, Fault]]:
        """The long way: every rule is asked."""
        rules = [one for one in self._rules(question, format) if in_force(one.rule, question.today)]
        answers = [(one, tuple(one.ask(question))) for one in rules]
        found = _without_echoes([(one.rule, fault) for one, faults in answers for fault in faults])
        made = precedent(question, answers, found)
        if made is not None:
            self._precedents.keep(shape, made)
        return found

    def _rules(self, question: Question, format: FormatName) -> Sequence[Asked]:
        """The rules about a transaction; remembered for the known ones, so thousands of rules cost nothing."""
        kind, facts = question.content.kind, question.facts
        key = (kind, format, facts.transaction)
        chosen = self._chosen.get(key)
        if chosen is None:
            chosen = [
                one
                for one in self._ready
                if (not one.rule.kinds or kind in one.rule.kinds)
                and (not one.rule.formats or format in one.rule.formats)
                and concerns(one.rule, facts)
            ]
            if facts.transaction is None or facts.transaction in self._catalog.triples:
                self._chosen[key] = chosen
        return chosen

    def _finding(self, rule: Rule, fault: Fault, question: Question, format: FormatName, ordinal: int) -> Finding:
        place = self._catalog.position(format, question.content, fault.path, question.blocks) if fault.path else None
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


def _without_echoes(found: Sequence[tuple[Rule, Fault]]) -> list[tuple[Rule, Fault]]:
    """Each fault once: nothing about the fields of a block that is missing as a whole, and nothing from a check that
    only echoes where a rule of its own has spoken."""
    own = {fault.path for rule, fault in found if rule.severity.blocks and not CHECKS[rule.check].echoes}
    lost = {path for path in own if path and "/" not in path}
    return [
        (rule, fault)
        for rule, fault in found
        if not (CHECKS[rule.check].echoes and fault.path in own)
        and not (lost and fault.path and fault.path not in lost and fault.path.partition("/")[0] in lost)
    ]


def told(read: Sequence[Finding], schema: Sequence[Finding], judged: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of reading, schema and rules without echoes. A field that could not be read is not reported as
    missing as well, but one that was read as blank, with a warning, is; where a rule and the schema fault the same
    place, the rule says it in the sender's words."""
    unread = {finding.path for finding in read if finding.path and finding.severity.blocks}
    ruled = tuple(finding for finding in judged if finding.path not in unread)
    known = unread | {finding.path for finding in ruled if finding.path and finding.severity.blocks}
    return (*read, *(finding for finding in schema if finding.path not in known), *ruled)
