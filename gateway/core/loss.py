"""What is kept of the findings on a payload: which elements the partner's format could not carry, and why."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.model import Finding, RuleCode, Severity

MOST = 50
"""Findings kept for one delivery; elements are grouped by path before, so that few payloads come near it."""
STEP = "finding"
"""The action of a step of a trace that tells what a payload could not carry; its outcome is the rule."""
MORE = RuleCode("LOSS-MORE")
_WEIGHT = {severity: place for place, severity in enumerate(Severity)}


def kept(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """At most :data:`MOST` findings, the gravest first; a last one tells how many more there are."""
    if len(findings) <= MOST:
        return tuple(findings)
    gravest = sorted(findings, key=lambda finding: _WEIGHT[finding.severity])
    shown = gravest[: MOST - 1]
    return (*shown, Finding(MORE, Severity.NOTICE, note=f"{len(findings) - len(shown)} more"))
