"""The receipt: our word on a submission, written once and stored; a repeat gets the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _quoted
from typing import Protocol

from gateway.core.acceptance import Judged
from gateway.core.audit_entry import timestamp
from gateway.core.model import Finding, Record, RuleCode, Severity, Submission, SubmissionState

SAMPLES = 5
"""Findings shown for each rule; all of them are paged under the submission."""

Describe = Callable[[RuleCode], tuple[str, str, str]]
"""Title and fix of a rule in plain words, and where it comes from."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Worded(Protocol):
    """A rule as people read it."""

    @property
    def title(self) -> str: ...

    @property
    def fix(self) -> str: ...

    @property
    def source(self) -> str: ...


def describing(find: Callable[[RuleCode], Worded | None]) -> Describe:
    """In the words of the rules that ``find`` knows; of any other its code."""

    def describe(code: RuleCode) -> tuple[str, str, str]:
        rule = find(code)
        return (code, "", "") if rule is None else (rule.title, rule.fix, rule.source)

    return describe


@dataclass(frozen=True, slots=True)
class Grouped:
    """Findings under one rule and field: how many, and the first few."""

    rule: RuleCode
    severity: Severity
    field: str | None
    count: int
    samples: tuple[Finding, ...]


class Tally:
    """Findings grouped while they come: memory grows with the rules, not with the findings."""

    def __init__(self) -> None:
        self._samples: dict[tuple[RuleCode, str | None], list[Finding]] = {}
        self._counts: dict[tuple[RuleCode, str | None], int] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            key = finding.rule, finding.field
            self._counts[key] = self._counts.get(key, 0) + 1
            samples = self._samples.setdefault(key, [])
            if len(samples) < SAMPLES:
                samples.append(finding)

    def groups(self) -> tuple[Grouped, ...]:
        """The worst severity first, then the most frequent."""
        groups = [
            Grouped(rule, self._samples[rule, field][0].severity, field, count, tuple(self._samples[rule, field]))
            for (rule, field), count in self._counts.items()
        ]
        return tuple(sorted(groups, key=lambda g: (_RANK[g.severity], -g.count, g.rule)))


def group(findings: Iterable[Finding]) -> tuple[Grouped, ...]:
    """Findings by rule and field; the worst severity first, then the most frequent."""
    tally = Tally()
    tally.add(findings)
    return tally.groups()


def sample(finding: Finding) -> dict[str, object]:
    """One finding as the API shows it: positions only."""
    columns = None
    if finding.start is not None:
        columns = f"{finding.start}-{finding.start + (finding.length or 1) - 1}"
    shown = {
        "record": finding.record,
        "path": finding.path,
        "columns": columns,
        "line": finding.line,
        "note": finding.note,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _counted(submission: Submission) -> str:
    """Null while nobody has judged it: noughts would say that it holds no record."""
    if submission.state is not SubmissionState.JUDGED:
        return "null"
    counts = submission.counts
    return (
        f'{{"records":{counts.records},"accepted":{counts.accepted},"warned":{counts.warned},"refused":{counts.refused},'
        f'"unroutable":{counts.unroutable},"withheld":{counts.withheld}}}'
    )


def _judged(record: Record) -> str:
    reason = "null" if record.reason is None else _quoted(record.reason)
    return f'{{"record":{record.ordinal},"id":{_quoted(record.id)},"state":{_quoted(record.state)},"reason":{reason}}}'


class Receipts:
    """Writes receipts in the words of the rule catalog."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe

    def __call__(self, submission: Submission, judged: tuple[Judged, ...], findings: tuple[Finding, ...]) -> bytes:
        """The receipt of a submission as JSON (RFC 8259), UTF-8.

        Put together here, members in their order: an encoder takes three times as long, and somebody waits for it.
        """
        everything = [*findings, *(f for j in judged for f in j.findings)]
        shown = _ENCODER.encode([self.shown(one) for one in group(everything)]) if everything else "[]"
        link = f"/v1/submissions/{submission.id}"
        text = (
            f'{{"submission":{_quoted(submission.id)},"state":{_quoted(submission.state)},'
            f'"sender":{_quoted(submission.sender)},"format":{_quoted(submission.format)},'
            f'"body":{{"sha256":"{submission.body_digest}","bytes":{submission.body_size}}},'
            f'"received_at":"{timestamp(submission.received_at)}","counts":{_counted(submission)},'
            f'"findings":{shown},"records":[{",".join([_judged(one.record) for one in judged[:SAMPLES]])}],'
            f'"links":{{"self":"{link}","records":"{link}/records","findings":"{link}/findings",'
            f'"accepted":"{link}/receipts/accepted","final":null}}}}'  # final: linked once everything has ended
        )
        return text.encode()

    def shown(self, one: Grouped) -> dict[str, object]:
        """One group of findings in plain words."""
        title, fix, source = self._describe(one.rule)
        return {
            "code": one.rule,
            "severity": one.severity,
            "field": one.field,
            "count": one.count,
            "title": title,
            "fix": fix,
            "source": source,
            "help": f"/v1/rules/{one.rule}",
            "samples": [sample(f) for f in one.samples],
        }


def blocked(findings: Sequence[Finding]) -> bool:
    return any(f.severity.blocks for f in findings)
