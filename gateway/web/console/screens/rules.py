"""Rules: what is checked, and for each rule what is wrong, how to mend it, where it comes from and since when."""

from __future__ import annotations

from datetime import date

from gateway.core.errors import NotFound
from gateway.core.model import Severity
from gateway.web.console.visit import Shown, Visit
from gateway.web.parts import RuleText


async def rules(visit: Visit) -> Shown:
    """All rules, or those that have every word of ``q`` in code, field or text, and the severity that is asked for."""
    words = (visit.asked("q") or "").lower().split()
    severity = visit.asked("severity")
    every = sorted(visit.parts.rules.values(), key=lambda rule: rule.code)
    chosen = [
        (rule, standing(rule, visit.now.date()))
        for rule in every
        if severity in (None, rule.severity) and all(word in _text(rule) for word in words)
    ]
    return Shown(
        "rules.html",
        {
            "rows": chosen,
            "all": len(every),
            "q": visit.asked("q") or "",
            "severity": severity,
            "levels": list(Severity),
        },
    )


async def rule(visit: Visit) -> Shown:
    found = visit.parts.rules.get(visit.part("code").upper())
    if found is None:
        raise NotFound("There is no such rule.")
    return Shown("rule.html", {"rule": found, "standing": standing(found, visit.now.date())})


def standing(rule: RuleText, today: date) -> str:
    """Whether a rule holds on a day."""
    if rule.since and today < rule.since:
        return "not yet in force"
    return "ended" if rule.until and today > rule.until else "in force"


def _text(rule: RuleText) -> str:
    return " ".join((rule.code, rule.field or "", rule.title, rule.fix, *rule.kinds, rule.source)).lower()
