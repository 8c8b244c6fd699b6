"""Findings as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from gateway.core.model import Finding, Path, RuleCode, Severity, SubmissionId


def finding_row(submission: SubmissionId, number: int, finding: Finding) -> dict[str, object]:
    """``number`` runs through the findings of the submission, in the order in which they were written."""
    return {
        "submission": submission,
        "number": number,
        "record": finding.record,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "field": finding.field,
        "path": finding.path,
        "start": finding.start,
        "length": finding.length,
        "line": finding.line,
        "note": finding.note,
    }


def finding_from(row: Row[Any]) -> Finding:
    return Finding(
        rule=RuleCode(row.rule),
        severity=Severity(row.severity),
        record=row.record,
        field=row.field,
        path=None if row.path is None else Path(row.path),
        start=row.start,
        length=row.length,
        line=row.line,
        note=row.note,
    )
