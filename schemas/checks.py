"""What must hold between the tables before anything starts; ``transforms`` checks that every path is in its XSD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gateway.core.catalog import Catalog, Layout, LayoutField, Picture
from gateway.core.checks import CHECKS, FORMAT_CHECK, faults_of_parameters
from gateway.core.errors import Misconfigured
from gateway.core.file_order import FileOrder, FileRecord, RecordRole
from schemas.bridges import faults

_WITH_CONSTANT = frozenset({Picture.CONSTANT, Picture.COUNT, Picture.FLAG})
_WITHOUT_PATH = frozenset({Picture.CONSTANT, Picture.COUNT, Picture.RESERVED, Picture.UNREAD, Picture.UNKEPT})
_LENGTHS = {
    Picture.DATE: 8,
    Picture.TIME: 6,
    Picture.MONEY: 12,
    Picture.DATE_MDCY: 8,
    Picture.DATE_MDY: 6,
    Picture.DATE_YMD: 6,
    Picture.DATE_YDAY: 5,
    Picture.DATE_CYDAY: 7,
    Picture.DATE_DASHED: 10,
    Picture.MONTH: 6,
    Picture.QUARTER: 5,
    Picture.QUARTER_FIRST: 5,
    Picture.DAY_YEAR: 4,
    Picture.DAY_MONTH: 2,
    Picture.DAY_DAY: 2,
}
_PARTS_OF_A_DAY = frozenset({Picture.DAY_YEAR, Picture.DAY_MONTH, Picture.DAY_DAY})
_ENCODINGS = frozenset({"ascii", "cp037", "cp1140"})


def check(catalog: Catalog) -> None:
    """Raises Misconfigured naming file and field for the first fault."""
    for layout in catalog.layouts.values():
        _check_layout(layout, catalog)
    _check_kinds(catalog)
    _check_formats(catalog)
    _check_columns(catalog)
    _check_files(catalog)
    _check_messages(catalog)
    _check_rules(catalog)
    for fault in faults(catalog):
        raise Misconfigured(f"schemas/bridges: {fault}")


def _fault(layout: Layout, what: str) -> Misconfigured:
    return Misconfigured(f"schemas/layouts/{layout.name}.toml: {what}")


def _check_layout(layout: Layout, catalog: Catalog) -> None:
    expected = 1
    for field in layout.fields:
        if field.start > expected:
            raise _fault(layout, f"{field.name}: a gap before it, bytes {expected} to {field.start - 1}")
        if field.start < expected:
            raise _fault(layout, f"{field.name}: overlaps the field before it at byte {field.start}")
        _check_field(layout, field, catalog)
        expected = field.start + field.length
    if expected - 1 != layout.length:
        raise _fault(layout, f"the fields end at byte {expected - 1}, the record at {layout.length}")
    _check_once(layout, (field.name for field in layout.fields), "name")
    whole = (field for field in layout.fields if field.picture not in _PARTS_OF_A_DAY)
    _check_once(layout, (field.path for field in whole if field.path), "path")
    _check_days(layout)


def _check_once(layout: Layout, names: Iterable[str], what: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise _fault(layout, f"{name}: the {what} is there {times} times")


def _check_days(layout: Layout) -> None:
    """Each part of each day once."""
    days: dict[str | None, list[Picture]] = {}
    for field in layout.fields:
        if field.picture in _PARTS_OF_A_DAY:
            days.setdefault(field.path, []).append(field.picture)
    for path, parts in days.items():
        if path is None or set(parts) != _PARTS_OF_A_DAY or len(parts) != len(_PARTS_OF_A_DAY):
            raise _fault(layout, f"{path}: expected year, month and day, each in one field")


def _check_field(layout: Layout, field: LayoutField, catalog: Catalog) -> None:
    wanted = _LENGTHS.get(field.picture, field.length)
    if field.length < 1 or field.length != wanted:
        raise _fault(layout, f"{field.name}: length {field.length} does not fit picture {field.picture}")
    if (field.constant is not None) is not (field.picture in _WITH_CONSTANT):
        raise _fault(layout, f"{field.name}: a constant is for the pictures constant, count and flag only")
    if field.picture is Picture.CONSTANT and len(field.constant or "") != field.length:
        raise _fault(layout, f"{field.name}: the constant is not {field.length} long")
    if field.path and field.picture in _WITHOUT_PATH:
        raise _fault(layout, f"{field.name}: picture {field.picture} has no path")
    if field.codes and field.codes not in catalog.codes:
        raise _fault(layout, f"{field.name}: unknown code list {field.codes}")


def _check_kinds(catalog: Catalog) -> None:
    for info in catalog.kinds.values():
        if info.xsd not in catalog.xsds:
            raise Misconfigured(f"schemas/catalog.toml: kind.{info.kind}: xsd {info.xsd} does not exist")
        if info.question is not None and info.question.kind not in catalog.kinds:
            raise Misconfigured(f"schemas/catalog.toml: kind.{info.kind}: there is no kind {info.question.kind}")


def _check_formats(catalog: Catalog) -> None:
    for info in catalog.formats.values():
        unknown: list[str] = [kind for kind in info.kinds if kind not in catalog.kinds]
        unknown += [name for name in catalog.sequences.get(info.name, ()) if name not in catalog.layouts]
        if unknown:
            raise Misconfigured(f"schemas/catalog.toml: format.{info.name}: {unknown[0]} is unknown")
    for name, sequence in catalog.sequences.items():
        first, *rest = (catalog.layouts[layout] for layout in sequence)
        counted = [field.constant for field in first.fields if field.picture is Picture.COUNT]
        if counted != [layout.block for layout in rest if layout.block]:
            raise Misconfigured(
                f"schemas/catalog.toml: format.{name}: the layouts are not those that {first.name} counts"
            )


def _check_columns(catalog: Catalog) -> None:
    for order in catalog.columns.values():
        file = f"schemas/csv/{order.name}.toml"
        if order.name not in catalog.formats or order.kind not in catalog.kinds:
            raise Misconfigured(f"{file}: no such format or kind in the catalog")
        for column in order.columns:
            if column.codes and column.codes not in catalog.codes:
                raise Misconfigured(f"{file}: {column.name}: unknown code list {column.codes}")


def _check_files(catalog: Catalog) -> None:
    for order in catalog.files.values():
        for fault in _faults_of_file(order, catalog):
            raise Misconfigured(f"schemas/files: {order.name}: {fault}")


def _faults_of_file(order: FileOrder, catalog: Catalog) -> Iterator[str]:
    if order.name not in {*catalog.formats, *catalog.withheld} or order.kind not in catalog.kinds:
        yield "no such format or kind in the catalog"
    if order.encoding not in _ENCODINGS:
        yield f"unknown encoding {order.encoding}"
    yield from _faults_of_roles(Counter(record.role for record in order.records))
    for record in order.records:
        yield from _faults_of_record(order, record, catalog.layouts[record.layout])


def _faults_of_roles(roles: Counter[RecordRole]) -> Iterator[str]:
    once = RecordRole.HEADER, RecordRole.GROUP, RecordRole.GROUP_END, RecordRole.TRAILER, RecordRole.CONTROL
    for role in once:
        if roles[role] > 1:
            yield f"more than one {role}"
    if roles[RecordRole.GROUP_END] and not roles[RecordRole.GROUP]:
        yield "a group ends that never begins"


def _faults_of_record(order: FileOrder, record: FileRecord, layout: Layout) -> Iterator[str]:
    if layout.length > order.length or (layout.length != order.length and not order.by_line):
        yield f"{layout.name} is {layout.length} bytes long, not {order.length}"
    if record.shortest > layout.length or (record.shortest and not order.by_line):
        yield f"{layout.name}: no line of it is {record.shortest} bytes long"
    unknown = sorted(set(record.fill) - {field.name for field in layout.fields})
    if unknown:
        yield f"{layout.name} has no field {unknown[0]}"
    if order.encoding != "ascii" and any(field.picture is Picture.PACKED for field in layout.fields):
        yield f"{layout.name}: a packed number cannot stand in a file that is translated"
    if record.role is RecordRole.CONTROL and not record.read_only:
        yield f"{layout.name}: a control record is read only"


def _check_messages(catalog: Catalog) -> None:
    for table in catalog.messages.values():
        if table.name not in {*catalog.formats, *catalog.withheld} or table.kind not in catalog.kinds:
            raise Misconfigured(f"schemas/fhir/{table.name}.toml: no such format or kind in the catalog")


def _check_rules(catalog: Catalog) -> None:
    for rule in catalog.rules.values():
        place = f"schemas/rules: {rule.code}"
        if rule.check != FORMAT_CHECK and rule.check not in CHECKS:
            raise Misconfigured(f"{place}: unknown check {rule.check}")
        unknown = [name for name in (*rule.kinds, *rule.formats) if name not in {*catalog.kinds, *catalog.formats}]
        if unknown:
            raise Misconfigured(f"{place}: {unknown[0]} is no kind or format")
        if rule.whole_file and rule.check != FORMAT_CHECK:
            raise Misconfigured(f"{place}: whole_file is for what the codecs report of a file")
        for fault in faults_of_parameters(rule, catalog):
            raise Misconfigured(f"{place}: {fault}")
