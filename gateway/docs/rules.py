"""The page of all rules."""

from __future__ import annotations

from gateway.core.catalog import Catalog, Match, Rule
from gateway.core.rule_words import subject
from gateway.docs.markdown import code, table

HEAD = """# Rules

Every finding of a receipt names one of these rules; `GET /v1/rules/<code>` answers the same. A fatal finding or an
error refuses the record, a warning or a notice does not. This page is generated from `schemas/rules/`.

"""


def rules_page(catalog: Catalog) -> str:
    """``docs/rules.md``."""
    rules = [catalog.rules[name] for name in sorted(catalog.rules)]
    rows = [
        (
            _anchor(rule),
            rule.severity,
            subject(rule, catalog),
            rule.title,
            rule.fix,
            scope(rule),
            period(rule),
            rule.source,
        )
        for rule in rules
    ]
    columns = ("rule", "severity", "field", "what is wrong", "what to do", "asked of", "in force", "source")
    return HEAD + table(columns, rows)


def _anchor(rule: Rule) -> str:
    return f'<a id="{rule.code}"></a>`{rule.code}`'


def scope(rule: Rule) -> str:
    """Kinds, formats and transactions that the rule is about."""
    named = [*sorted(rule.kinds), *sorted(rule.formats)]
    parts = [", ".join(code(name) for name in named)] if named else ["all"]
    parts += ["refuses the whole file"] if rule.whole_file else []
    parts += [f"when {_matches(rule.when)}"] if rule.when else []
    parts += [f"unless {_matches(rule.unless)}"] if rule.unless else []
    return "; ".join(parts)


def _matches(matches: tuple[Match, ...]) -> str:
    return " or ".join(filter(None, (_match(one) for one in matches)))


def _match(match: Match) -> str:
    named = {
        "function": match.function,
        "action": match.action,
        "reason": match.reason,
        "reason's second character": match.stage,
        "reason's second character not": match.not_stage,
    }
    return ", ".join(
        f"{name} {' '.join(value or '(blank)' for value in sorted(values))}" for name, values in named.items() if values
    )


def period(rule: Rule) -> str:
    since = f"from {rule.since}" if rule.since else ""
    until = f"until {rule.until}" if rule.until else ""
    return f"{since} {until}".strip() or "always"
