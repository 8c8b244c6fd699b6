"""Layouts as tables, and one record of a file as its layout cuts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import Drafts, Format, Json
from gateway.cli.out import put, say, table
from gateway.core.errors import NotFound
from gateway.core.nearest import unknown

if TYPE_CHECKING:
    from gateway.core.catalog import Catalog, ColumnOrder, Layout
    from gateway.core.resource_table import MessageTable
    from gateway.core.x12_set import TransactionSet
    from gateway.offline.dump import Dump

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

    catalog = schemas.load(drafts=True)
    found = list(_shown(catalog, name))
    if not found:
        raise NotFound(unknown("layout", name, _names(catalog), "docs/formats/layouts.md"))
    if json:
        put({"layouts": [one.document() for one in found]})
        return
    for one in found:
        one.say()


@dataclass(frozen=True, slots=True)
class _Shown:
    """One table with where it comes from."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    source: str
    confidence: str
    version: str
    length: int | None = None

    def document(self) -> dict[str, object]:
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        origin = {"source": self.source, "confidence": self.confidence, "version": self.version}
        return {"name": self.name, "length": self.length, **origin, "fields": rows}

    def say(self) -> None:
        table(f"{self.name}: {self.title}", self.columns, self.rows)
        say(f"Version {self.version}. Source: {self.source}. Confidence: {self.confidence}.\n")


def _names(catalog: Catalog) -> Iterable[str]:
    return {
        *catalog.layouts,
        *catalog.files,
        *catalog.sequences,
        *catalog.columns,
        *catalog.messages,
        *catalog.x12,
    }


def _shown(catalog: Catalog, name: str) -> Iterator[_Shown]:
    from gateway.core.model import FormatName  # noqa: PLC0415 - heavy, needed here only

    format_ = FormatName(name)
    if format_ in catalog.columns:
        yield _of_columns(catalog.columns[format_])
    elif format_ in catalog.messages:
        yield _of_message(catalog.messages[format_])
    elif format_ in catalog.x12:
        yield _of_set(catalog.x12[format_])
    elif name in catalog.layouts:
        yield _of_layout(catalog.layouts[name])
    else:
        order = catalog.files.get(format_)
        names = [record.layout for record in order.records] if order else catalog.sequences.get(format_, ())
        yield from (_of_layout(catalog.layouts[one]) for one in dict.fromkeys(names))


def _of_layout(one: Layout) -> _Shown:
    columns = ("start", "length", "field", "picture", "need", "path", "codes")
    rows = [
        (f.start, f.length, f.name, f"{f.picture} {f.constant or ''}".rstrip(), f.required.value, f.path, f.codes)
        for f in one.fields
    ]
    title = f"{one.length} bytes"
    return _Shown(one.name, title, columns, rows, one.source, one.confidence, one.version, one.length)


def _of_columns(order: ColumnOrder) -> _Shown:
    columns = ("column", "field", "picture", "need", "path", "codes")
    rows = [(n, c.name, c.picture, c.required.value, c.path, c.codes) for n, c in enumerate(order.columns, 1)]
    return _Shown(order.name, f"{len(rows)} columns", columns, rows, order.source, order.confidence, order.version)


def _of_message(message: MessageTable) -> _Shown:
    columns = ("field", "known by", "form or codes", "path")
    rows = [(row.member, row.known_by, row.form, row.path) for row in message.rows()]
    title = f"{len(rows)} values"
    return _Shown(message.name, title, columns, rows, message.source, message.confidence, message.version)


def _of_set(found: TransactionSet) -> _Shown:
    columns = ("loop", "element", "what", "form", "size", "use", "path")
    segments = (*found.segments, *((found.outside,) if found.outside else ()))
    rows = [
        (row.loop, one.name, one.title, one.form, f"{one.least}-{one.most}", one.required.value, ", ".join(one.paths))
        for row in segments
        for one in row.elements
    ]
    title = f"{len(segments)} segments"
    return _Shown(found.name, title, columns, rows, found.source, found.confidence, found.release)


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
    from gateway.offline.dump import dump  # noqa: PLC0415 - as above

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
