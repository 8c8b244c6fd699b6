"""Layouts as tables, and one record of a file as its layout cuts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.files import Drafts, Format, Json
from gateway.cli.out import put, say, table
from gateway.core.errors import NotFound

if TYPE_CHECKING:
    from gateway.core.catalog import Catalog, ColumnOrder, Layout
    from gateway.core.resource_table import MessageTable
    from gateway.core.x12_set import TransactionSet
    from gateway.offline_dump import Dump

app = typer.Typer(help="The tables that read and write records of fixed width.", no_args_is_help=True)


SHOWN_BLANK = 30
"""Bytes of a blank field that are still shown as they are."""


def register(root: typer.Typer) -> None:
    root.command("show")(show_record)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A layout, or a format: all layouts of it.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Every field with its place, picture, need, path and codes; and the source and confidence of the layout."""
    import schemas  # noqa: PLC0415 - heavy, needed here only
    from gateway.core.model import FormatName  # noqa: PLC0415 - as above

    catalog = schemas.load(drafts=True)
    order = catalog.columns.get(FormatName(name))
    if order is not None:
        _show_columns(order, json=json)
        return
    message = catalog.messages.get(FormatName(name))
    if message is not None:
        _show_message(message, json=json)
        return
    if (found_set := catalog.x12.get(FormatName(name))) is not None:
        _show_set(found_set, json=json)
        return
    found = _layouts(catalog, name)
    if not found:
        raise NotFound(f"There is no layout {name}; there are: {', '.join(sorted(catalog.layouts))}.")
    if json:
        put({"layouts": [_document(one) for one in found]})
        return
    for one in found:
        _show_layout(one)


def _layouts(catalog: Catalog, name: str) -> list[Layout]:
    from gateway.core.model import FormatName  # noqa: PLC0415 - heavy, needed here only

    if name in catalog.layouts:
        return [catalog.layouts[name]]
    order = catalog.files.get(FormatName(name))
    names = [record.layout for record in order.records] if order else catalog.sequences.get(FormatName(name), ())
    return [catalog.layouts[one] for one in dict.fromkeys(names)]


def _document(one: Layout) -> dict[str, object]:
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(one)]
    origin = {"source": one.source, "confidence": one.confidence, "version": one.version}
    return {"name": one.name, "length": one.length, **origin, "fields": rows}


_COLUMNS = ("start", "length", "field", "picture", "need", "path", "codes")


def _rows(one: Layout) -> list[tuple[object, ...]]:
    return [
        (f.start, f.length, f.name, f"{f.picture} {f.constant or ''}".rstrip(), f.required.value, f.path, f.codes)
        for f in one.fields
    ]


def _show_layout(one: Layout) -> None:
    table(f"{one.name}: {one.length} bytes", _COLUMNS, _rows(one))
    say(f"Version {one.version}. Source: {one.source}. Confidence: {one.confidence}.\n")


def _show_columns(order: ColumnOrder, *, json: bool) -> None:
    columns = ("column", "field", "picture", "need", "path", "codes")
    rows = [(n, c.name, c.picture, c.required.value, c.path, c.codes) for n, c in enumerate(order.columns, 1)]
    origin = {"source": order.source, "confidence": order.confidence, "version": order.version}
    if json:
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        put({"layouts": [{"name": order.name, "length": None, **origin, "fields": named}]})
        return
    table(f"{order.name}: {len(rows)} columns", columns, rows)
    say(f"Version {order.version}. Source: {order.source}. Confidence: {order.confidence}.")


def _show_message(message: MessageTable, *, json: bool) -> None:
    columns = ("field", "known by", "form or codes", "path")
    rows = [(row.member, row.known_by, row.form, row.path) for row in message.rows()]
    origin = {"source": message.source, "confidence": message.confidence, "version": message.version}
    if json:
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        put({"layouts": [{"name": message.name, "length": None, **origin, "fields": named}]})
        return
    table(f"{message.name}: {len(rows)} values", columns, rows)
    say(f"Version {message.version}. Source: {message.source}. Confidence: {message.confidence}.")


def _show_set(found: TransactionSet, *, json: bool) -> None:
    columns = ("loop", "element", "what", "form", "size", "use", "path")
    segments = (*found.segments, *((found.outside,) if found.outside else ()))
    rows = [
        (row.loop, one.name, one.title, one.form, f"{one.least}-{one.most}", one.required.value, ", ".join(one.paths))
        for row in segments
        for one in row.elements
    ]
    origin = {"source": found.source, "confidence": found.confidence, "version": found.release}
    if json:
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        put({"layouts": [{"name": found.name, "length": None, **origin, "fields": named}]})
        return
    table(f"{found.name}: {len(segments)} segments", columns, rows)
    say(f"Version {found.release}. Source: {found.source}. Confidence: {found.confidence}.")


def show_record(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    record: Annotated[int, typer.Option("--record", "-n", min=1, help="Number of the record, from 1.")],
    format: Format = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show the values: personal data on your screen.")] = False,  # noqa: FBT002 - an option of typer
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """One record of a file, field by field. Values are masked: letters as X or x, digits as 9, the length kept."""
    from gateway.offline import validator  # noqa: PLC0415 - heavy, needed here only
    from gateway.offline_dump import dump  # noqa: PLC0415 - as above

    judge = validator(drafts=drafts)
    found = dump(judge, file, judge.format_of(file, format), record)
    if json:
        put(_dumped(found, unmask=unmask))
        return
    line = f", line {found.line}" if found.line else ""
    say(f"{file.name}: record {found.record}{line}, {found.size} bytes, format {found.format}.")
    for title, lines in found.blocks:
        rows = ((one.start, one.length, one.name, _quoted(one.shown(unmask=unmask)), one.path) for one in lines)
        table(title, ("start", "length", "field", "value", "path"), rows)
    for finding in found.findings:
        say(f"{finding.severity:<8}{finding.rule} {finding.field or ''} {finding.note or ''}".rstrip())


def _quoted(value: str) -> str:
    """In quotes, so that blanks can be seen; a long filler of nothing else is counted."""
    return f"'{value}'" if len(value) <= SHOWN_BLANK or value.strip(" ") else f"{len(value)} blanks"


def _dumped(found: Dump, *, unmask: bool) -> dict[str, object]:
    blocks = [
        {
            "block": title,
            "fields": [
                {
                    "field": one.name,
                    "start": one.start,
                    "length": one.length,
                    "value": one.shown(unmask=unmask),
                    "path": one.path,
                }
                for one in lines
            ],
        }
        for title, lines in found.blocks
    ]
    findings = [{"rule": f.rule, "severity": f.severity, "field": f.field, "note": f.note} for f in found.findings]
    return {
        "format": found.format,
        "record": found.record,
        "line": found.line,
        "bytes": found.size,
        "masked": not unmask,
        "blocks": blocks,
        "findings": findings,
    }
