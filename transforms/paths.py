"""Whether every path that the catalog's tables name exists in the schema of its kind."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.catalog import Catalog, KindInfo, Layout, Picture
from gateway.core.errors import Misconfigured
from gateway.core.model import Kind
from transforms.facts import named_paths
from transforms.joined import PARTS
from transforms.schema_tree import SchemaTree, merged, tree
from transforms.x12_table import Table


def check_paths(catalog: Catalog) -> None:
    """Misconfigured, naming table and path, when a layout, a column order or a facts mapping names an unknown leaf."""
    trees = {name: tree(merged(info.xsd, catalog.xsds), info.root) for name, info in catalog.kinds.items()}
    for table, kind, path in _named(catalog):
        if not _exists(trees[kind], path):
            raise Misconfigured(f"{table}: kind {kind} has no element {path}")


def _exists(shape: SchemaTree, path: str) -> bool:
    return shape.knows(path.replace("[*]", "[1]"))


def _named(catalog: Catalog) -> Iterator[tuple[str, Kind, str]]:
    """(table, kind, path) for every path of the catalog, ``[*]`` kept."""
    for kind in catalog.kinds.values():
        yield from _of_facts(kind)
    for order in catalog.columns.values():
        yield from ((order.name, order.kind, column.path) for column in order.columns if column.path)
    for name_of_format, names in catalog.sequences.items():
        for name in names:
            for kind_name in catalog.formats[name_of_format].kinds:
                yield from _of_layout(catalog.layouts[name], kind_name)
    for one in catalog.x12.values():
        yield from ((f"set {one.name}", one.kind, path) for path in Table(one).paths)
    for file in catalog.files.values():
        for record in file.records:
            yield from _of_layout(catalog.layouts[record.layout], file.kind)


def _of_facts(kind: KindInfo) -> Iterator[tuple[str, Kind, str]]:
    yield from ((f"facts of {kind.kind}", kind.kind, path) for path in named_paths(kind))


def _of_layout(layout: Layout, kind: Kind) -> Iterator[tuple[str, Kind, str]]:
    prefix = "" if layout.block is None else f"{layout.block}[*]/" if layout.repeats else f"{layout.block}/"
    for field in layout.fields:
        if field.path:
            names = PARTS if field.picture is Picture.PERSON_NAME else ("",)
            paths = (f"{prefix}{field.path}/{name}".rstrip("/") for name in names)
            yield from ((f"layout {layout.name}", kind, path) for path in paths)
