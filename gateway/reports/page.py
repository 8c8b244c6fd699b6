"""One self-contained page: no scripts, nothing loaded, readable by a screen reader and in black and white."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from gateway.core.model import Finding
from gateway.core.receipt import sample
from gateway.offline import Checked, Explained

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1b;
  background: #fff; }
a { color: #005ea2; } a:focus, summary:focus { outline: 3px solid #2491ff; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #005ea2; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; font-weight: bold; padding: .25rem 0; }
th, td { border: 1px solid #71767a; padding: .25rem .5rem; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.fatal, .error { font-weight: bold; color: #8b0a03; } .warning { font-weight: bold; color: #6c4d00; }
.reservation { border-left: .5rem solid #ffbe2e; background: #faf3d1; padding: .5rem 1rem; }
code { background: #f0f0f0; padding: 0 .25em; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #f0f0f0; } a { color: #73b3e7; }
  code { background: #3d4551; } .fatal, .error { color: #f8a8a1; } .warning { color: #ffe396; }
  .reservation { background: #3d3722; } }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid; } }
""".strip()
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
COLUMNS = ("Severity", "Rule", "Field", "What is wrong and how to mend it", "Found", "First places")


def page(checked: Sequence[Checked], made_on: str) -> str:
    """The report. ``made_on`` is the day, as it is to be read. Places are positions; values are never shown."""
    title = "Validation report"
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        f"<title>{title}, {escape(made_on)}</title><style>{STYLE}</style>"
    )
    faulty = sum(one.faulty for one in checked)
    verdict = f"{faulty} of {_count(len(checked), 'file')} would be refused in whole or in part."
    parts = [f"<h1>{title}</h1><p>{escape(made_on)}. {verdict}</p>", _overview(checked)]
    parts += [_file(number, one) for number, one in enumerate(checked, 1)]
    parts.append("<footer><p>Places are positions in the file. The report holds no value of any record.</p></footer>")
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _verdict(one: Checked) -> str:
    if one.whole:
        return "would be refused as a whole"
    return "would be refused" if one.faulty else "all right"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _overview(checked: Sequence[Checked]) -> str:
    rows = [
        f'<tr><th scope="row"><a href="#file-{number}">{escape(one.file)}</a></th><td>{escape(one.info.name)}</td>'
        f'<td class="number">{one.records:,}</td><td class="number">{one.refused:,}</td>'
        f"<td>{_verdict(one)}</td></tr>"
        for number, one in enumerate(checked, 1)
    ]
    return _table("Files", ("File", "Format", "Records", "Refused", "Verdict"), rows)


def _table(caption: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}"
        "</tbody></table>"
    )


def _file(number: int, one: Checked) -> str:
    parts = [f'<section aria-labelledby="file-{number}"><h2 id="file-{number}">{escape(one.file)}</h2>']
    parts.append(
        f"<p>{escape(one.info.title)} (<code>{escape(one.info.name)}</code>). Confidence of the layout: "
        f"{escape(one.info.confidence)}. {_count(one.records, 'record')}, {one.refused:,} would be refused.</p>"
    )
    if one.reservation:
        parts.append(f'<p class="reservation">This format is {escape(one.reservation)}.</p>')
    if one.findings:
        parts.append(_table("Findings by rule", COLUMNS, [_finding(found) for found in one.findings]))
    else:
        parts.append("<p>No findings.</p>")
    return "\n".join([*parts, "</section>"])


def _finding(found: Explained) -> str:
    group = found.group
    words = f"{escape(found.title)}.<br>{escape(found.fix)}.<br><small>Source: {escape(found.source)}.</small>"
    places = "".join(f"<li>{escape(', '.join(_place(one)))}</li>" for one in group.samples)
    return (
        f'<tr><td class="{group.severity}">{group.severity}</td><td><code>{escape(group.rule)}</code></td>'
        f'<td>{escape(group.field or "")}</td><td>{words}</td><td class="number">{group.count:,}</td>'
        f"<td><ul>{places}</ul></td></tr>"
    )


def _place(finding: Finding) -> Iterator[str]:
    for name, value in sample(finding).items():
        yield str(value) if name == "note" else f"{name} {value}"
