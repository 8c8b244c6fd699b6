"""From TOML documents to layouts and to the fixed-width files that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.core.catalog import Layout, LayoutField, Need, Picture
from gateway.core.file_order import FileOrder, FileRecord, Mark, RecordRole
from gateway.core.model import FormatName, Kind
from schemas.document import Document
from schemas.tables import choice, own_name

LINE_ENDS: Mapping[str, str] = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "none": ""}


def layouts(documents: Iterable[Document]) -> Iterator[Layout]:
    """All layouts; one with a base takes over the base's fields where it has none of its own."""
    read = [_layout(one) for one in documents]
    by_name = {layout.name: layout for layout, _, _ in read}
    for layout, base, one in read:
        if base and base not in by_name:
            raise one.fault(f"unknown base {base}")
        yield _over(by_name[base], layout) if base else layout


def _layout(one: Document) -> tuple[Layout, str, Document]:
    fields = [_field(row) for row in one.tables("field")]
    for group in one.tables("group"):
        fields += _repeated(group)
    base = one.text("base", "")
    found = Layout(
        name=own_name(one, "layouts"),
        length=one.number("length"),
        block=one.text("block", "") or None,
        repeats=one.flag("repeats", default=False),
        fields=tuple(sorted(fields, key=lambda field: field.start)),
        source=one.text("source"),
        confidence=one.text("confidence"),
        version=one.text("version"),
        drops=frozenset(one.texts("drops")),
    )
    one.finish()
    return found, base, one


def _field(row: Document) -> LayoutField:
    found = LayoutField(
        name=row.text("name"),
        start=row.number("start"),
        length=row.number("length"),
        picture=choice(row, "picture", Picture),
        required=choice(row, "required", Need),
        path=row.text("path", "") or None,
        codes=row.text("codes", "") or None,
        constant=row.text("constant", "") or None,
        comment=row.text("comment", ""),
    )
    row.finish()
    return found


def _repeated(group: Document) -> Iterator[LayoutField]:
    """The fields of a group that repeats: ``start`` of its fields counts within the group, ``[*]`` in a path is the
    number of the occurrence."""
    start, length, times = group.number("start"), group.number("length"), group.number("times")
    name = group.text("name")
    fields = [_field(row) for row in group.tables("field")]
    group.finish()
    if sum(field.length for field in fields) != length:
        raise group.fault(f"the fields of {name} are not {length} long")
    for number in range(1, times + 1):
        for field in fields:
            yield replace(
                field,
                name=f"{field.name}_{number}",
                start=start + (number - 1) * length + field.start - 1,
                path=field.path.replace("[*]", f"[{number}]") if field.path else None,
            )


def _over(base: Layout, layout: Layout) -> Layout:
    """The layout with the fields of the base before and after its own."""
    own = {field.path for field in layout.fields if field.path}
    first, last = layout.fields[0].start, layout.fields[-1].start + layout.fields[-1].length
    kept = [f for f in base.fields if f.start + f.length <= first or f.start >= last]
    doubled = sorted(field.name for field in kept if field.path in own)
    kept = [replace(f, picture=Picture.UNREAD, path=None) if f.name in doubled else f for f in kept]
    return replace(layout, fields=tuple(sorted((*kept, *layout.fields), key=lambda field: field.start)))


def orders(one: Document, layouts: Mapping[str, Layout]) -> Iterator[FileOrder]:
    """The file of a table, and its variants in other encodings or with other line ends."""
    records = tuple(_record(row, layouts) for row in one.tables("record"))
    first = FileOrder(
        name=FormatName(own_name(one, "files")),
        kind=Kind(one.text("kind")),
        length=one.number("length"),
        records=records,
        encoding=one.text("encoding", "ascii"),
        line_end=_line_end(one, "lf"),
        open_end=one.flag("open_end", default=False),
        by_line=one.flag("by_line", default=False),
        given=_texts_by_path(one.table("given")),
    )
    yield first
    for name, variant in one.table("variant").named():
        encoding, line_end = variant.text("encoding", first.encoding), _line_end(variant, "none")
        variant.finish()
        yield replace(first, name=FormatName(name), encoding=encoding, line_end=line_end)
    one.finish()


def _texts_by_path(table: Document) -> Mapping[str, str]:
    return {path: table.text(path) for path, _ in table.items()}


def _line_end(one: Document, default: str) -> str:
    name = one.text("line_end", default)
    if name not in LINE_ENDS:
        raise one.fault(f"line_end {name} is unknown")
    return LINE_ENDS[name]


def _record(row: Document, layouts: Mapping[str, Layout]) -> FileRecord:
    name = row.text("layout")
    if name not in layouts:
        raise row.fault(f"unknown layout {name}")
    fills = row.table("fill")
    found = FileRecord(
        layout=name,
        role=choice(row, "role", RecordRole),
        marks=tuple(_mark(row, text, layouts[name]) for text in row.texts("marks")),
        optional=row.flag("optional", default=False),
        shortest=row.number("shortest", 0),
        fill={key: fills.text(key) for key, _ in fills.items()},
        read_only=row.flag("read_only", default=False),
    )
    row.finish()
    return found


def _mark(row: Document, text: str, layout: Layout) -> Mark:
    start, colon, wanted = text.partition(":")
    if not (colon and start.isdecimal() and wanted):
        raise row.fault(f"the mark {text} is not of the form 1:FA")
    held = (f.path for f in layout.fields if f.start == int(start) and f.length == len(wanted))
    return Mark(int(start), wanted, next(held, None))
