"""What another version of the rules would say of a file: the rules in force on two days, asked of every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from gateway.core.catalog import Rule
from gateway.core.model import Finding, FormatName, RuleCode
from gateway.core.ports.formats import Format, Frame, Heading
from gateway.core.receipt import blocked
from gateway.core.rules import BusinessRules, in_force
from gateway.offline.judging import Advance, Validator, frames, known_format
from gateway.tools import Speech

SAMPLES = 5


@dataclass(slots=True)
class Change:
    """What one rule would no longer or newly report in one file; the first records that it is about."""

    rule: RuleCode
    only_before: int = 0
    only_after: int = 0
    records: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Difference:
    """Between the rule sets of two days: the rules that come and go, and what becomes of a file."""

    before: date
    after: date
    ended: tuple[RuleCode, ...]
    begun: tuple[RuleCode, ...]
    records: int
    changed: int
    """Records with another answer."""
    newly_refused: int
    newly_accepted: int
    changes: tuple[Change, ...]


def set_on(rules: Mapping[RuleCode, Rule], day: date) -> frozenset[RuleCode]:
    """The rules in force on a day: the rule set of that day."""
    return frozenset(code for code, rule in rules.items() if in_force(rule, day))


def difference(spoken: Speech, days: tuple[date, date], file: Path, name: FormatName, read: Advance) -> Difference:
    """Judge every record by the rule set of either day. The calendar stays the later day's, so that only the rules
    differ and not what counts as the future."""
    old, new = (_RuleSet(spoken, day, max(days)) for day in days)
    format_ = known_format(spoken, name)
    reader = format_.reader()
    count = _Count()
    for frame in frames(file, reader, read):
        count.add(frame.ordinal, old.answer(format_, frame, reader.heading), new.answer(format_, frame, reader.heading))
    changes = tuple(count.changes[code] for code in sorted(count.changes))
    ended, begun = sorted(old.codes - new.codes), sorted(new.codes - old.codes)
    return Difference(
        *days, tuple(ended), tuple(begun), count.records, count.changed, count.refused, count.accepted, changes
    )


class _RuleSet:
    """The rules of one day, without their dates, so that they can be asked on another."""

    def __init__(self, spoken: Speech, day: date, calendar: date) -> None:
        rules = spoken.catalog.rules
        self.codes = set_on(rules, day)
        self._not_yet = frozenset(rules) - self.codes
        held = {code: replace(rules[code], since=None, until=None) for code in rules if code in self.codes}
        asked = BusinessRules(replace(spoken.catalog, rules=held))
        self._validator = Validator(replace(spoken, rules=asked), calendar)

    def answer(self, format_: Format, frame: Frame, heading: Heading) -> tuple[Finding, ...]:
        found = self._validator.judge(format_, frame, heading).findings
        return tuple(finding for finding in found if finding.rule not in self._not_yet)


@dataclass(slots=True)
class _Count:
    """The answers of two rule sets, record after record."""

    changes: dict[RuleCode, Change] = field(default_factory=dict)
    records: int = 0
    changed: int = 0
    refused: int = 0
    accepted: int = 0

    def add(self, record: int, old: tuple[Finding, ...], new: tuple[Finding, ...]) -> None:
        self.records += 1
        gone, come = Counter(map(_place, old)), Counter(map(_place, new))
        if gone == come:
            return
        self.changed += 1
        self.refused += blocked(new) and not blocked(old)
        self.accepted += blocked(old) and not blocked(new)
        for (rule, _), times in (gone - come).items():
            self._change(rule, record).only_before += times
        for (rule, _), times in (come - gone).items():
            self._change(rule, record).only_after += times

    def _change(self, rule: RuleCode, record: int) -> Change:
        change = self.changes.setdefault(rule, Change(rule))
        if record not in change.records and len(change.records) < SAMPLES:
            change.records.append(record)
        return change


def _place(finding: Finding) -> tuple[RuleCode, str | None]:
    return finding.rule, finding.path
