"""The rules: one, all of them, and what another version of them changes for a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import Drafts, Format, Json
from gateway.cli.out import facts, progress, put, say, table
from gateway.core.errors import NotFound
from gateway.core.nearest import unknown

if TYPE_CHECKING:
    from gateway.core.catalog import Catalog, Rule
    from gateway.offline.rules import Difference

app = typer.Typer(help="The rules that records are judged by.", no_args_is_help=True)
MOST_LISTED = 4
"""Fields of a rule that the list names; ``show`` names all."""
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The rules in force on this day, CCYY-MM-DD.")]


@app.command("show")
def show(
    code: Annotated[str, typer.Argument(help="The code, as a finding names it.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What one rule says, how to mend what it finds, where it comes from and since when it holds."""
    import schemas  # noqa: PLC0415 - heavy, needed here only

    catalog = schemas.load(drafts=True)
    rule = catalog.rule(code.upper())
    if rule is None:
        raise NotFound(unknown("rule", code.upper(), catalog.rules, "`gateway rules list`"))
    if json:
        put(_document(rule, catalog))
    else:
        facts(_document(rule, catalog) | {"parameters": _parameters(rule)})


@app.command("list")
def list_(
    words: Annotated[list[str] | None, typer.Argument(help="Only rules with all of these words.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only rules about this kind of record.")] = None,
    format: Annotated[str | None, typer.Option("--format", "-f", help="Only rules about this format.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """All rules, or those that are about something."""
    import schemas  # noqa: PLC0415 - heavy, needed here only
    from gateway.core.rule_words import subject  # noqa: PLC0415 - as above
    from gateway.docs.rules import period  # noqa: PLC0415 - as above

    catalog = schemas.load(drafts=True)
    chosen = _chosen(catalog, [word.lower() for word in words or ()], kind, format)
    if json:
        put({"rules": [_document(rule, catalog) for rule in chosen]})
        return
    rows = ((rule.code, rule.severity, _few(subject(rule, catalog)), rule.title, period(rule)) for rule in chosen)
    table("Rules", ("rule", "severity", "field", "what is wrong", "in force"), rows)


def _few(fields: str) -> str | None:
    """The first fields of a rule, so that the table keeps to a screen; None for a rule about any field."""
    named = fields.split(", ")
    more = len(named) - MOST_LISTED
    return f"{', '.join(named[:MOST_LISTED])} and {more} more" if more > 0 else fields or None


def _chosen(catalog: Catalog, words: list[str], kind: str | None, format: str | None) -> list[Rule]:
    """In the order of their codes. NotFound for a kind or a format that does not exist."""
    from gateway.core.model import FormatName  # noqa: PLC0415 - needed here only
    from gateway.core.rule_words import is_asked_of, subject  # noqa: PLC0415 - heavy, needed here only

    if kind is not None and kind not in catalog.kinds:
        raise NotFound(unknown("kind", kind, catalog.kinds, "docs/formats/xml.md"))
    if format is not None and format not in catalog.formats:
        raise NotFound(unknown("format", format, catalog.formats, "`gateway formats`"))
    return [
        rule
        for _, rule in sorted(catalog.rules.items())
        if (kind is None or not rule.kinds or kind in rule.kinds)
        and (format is None or is_asked_of(rule, FormatName(format), catalog))
        and all(word in f"{rule.code} {subject(rule, catalog)} {rule.title} {rule.fix}".lower() for word in words)
    ]


@app.command("diff")
def diff(
    before: Day,
    after: Day,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    format: Format = None,
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What the rules of one day say of a file that those of another day do not. Exit 4 when more would be refused."""
    from gateway.cli.exits import Exit  # noqa: PLC0415 - as below
    from gateway.offline import validator  # noqa: PLC0415 - heavy, needed here only
    from gateway.offline.rules import difference  # noqa: PLC0415 - as above

    judge = validator(drafts=drafts)
    days = before.date(), after.date()
    with progress("read", file.stat().st_size) as bar:
        found = difference(judge.spoken, days, file, judge.format_of(file, format), bar.advance)
    if json:
        put(_difference(found))
    else:
        _show_difference(found)
    if found.newly_refused:
        raise typer.Exit(Exit.FINDINGS)


def _document(rule: Rule, catalog: Catalog) -> dict[str, object]:
    from gateway.core.rule_words import subject  # noqa: PLC0415 - heavy, needed here only
    from gateway.docs.rules import period, scope  # noqa: PLC0415 - as above

    return {
        "code": rule.code,
        "severity": rule.severity,
        "field": subject(rule, catalog) or "the one that the finding names",
        "title": rule.title,
        "fix": rule.fix,
        "asked of": scope(rule).replace("`", ""),
        "in force": period(rule),
        "source": rule.source,
        "check": rule.check,
        "parameters": dict(rule.parameters),
    }


def _parameters(rule: Rule) -> str:
    return "; ".join(
        f"{name}: {', '.join(value) if isinstance(value, tuple) else value}" for name, value in rule.parameters.items()
    )


def _difference(found: Difference) -> dict[str, object]:
    return {
        "before": found.before.isoformat(),
        "after": found.after.isoformat(),
        "ended": list(found.ended),
        "begun": list(found.begun),
        "records": found.records,
        "changed": found.changed,
        "newly_refused": found.newly_refused,
        "newly_accepted": found.newly_accepted,
        "changes": [
            {"rule": c.rule, "only_before": c.only_before, "only_after": c.only_after, "records": c.records}
            for c in found.changes
        ],
    }


def _show_difference(found: Difference) -> None:
    say(f"Rules that end: {', '.join(found.ended) or 'none'}. Rules that begin: {', '.join(found.begun) or 'none'}.")
    say(
        f"{found.records} records: {found.changed} with another answer, {found.newly_refused} newly refused, "
        f"{found.newly_accepted} newly accepted."
    )
    if found.changes:
        rows = ((c.rule, c.only_before, c.only_after, ", ".join(map(str, c.records))) for c in found.changes)
        table("Changes", ("rule", f"only {found.before}", f"only {found.after}", "first records"), rows)
