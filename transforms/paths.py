"""Whether every path that the catalog's tables name exists in the schema of its kind."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.bridge import Bridge
from gateway.core.catalog import Catalog, KindInfo, Layout, Picture
from gateway.core.errors import Misconfigured
from gateway.core.model import Kind
from gateway.core.resource_table import MessageTable
from transforms.facts import named_paths
from transforms.joined import PARTS
from transforms.schema_tree import SchemaTree, shape_of
from transforms.x12_table import Table


def check_paths(catalog: Catalog) -> None:
    """Misconfigured, naming table and path, when a layout, a column order or a facts mapping names an unknown leaf."""
    trees = {name: shape_of(info, catalog.xsds) for name, info in catalog.kinds.items()}
    for table, kind, path in _named(catalog):
        if not _exists(trees[kind], path):
            raise Misconfigured(f"{table}: kind {kind} has no element {path}")


def _exists(shape: SchemaTree, path: str) -> bool:
    """A path that ends with a slash is a group, of which some leaf has to be there."""
    first = path.replace("[*]", "[1]")
    return any(leaf.startswith(first) for leaf in shape.leaves()) if path.endswith("/") else shape.knows(first)


def _named(catalog: Catalog) -> Iterator[tuple[str, Kind, str]]:
    """(table, kind, path) for every path of the catalog, ``[*]`` kept."""
    for kind in catalog.kinds.values():
        yield from _of_facts(kind)
        yield from _of_question(kind)
    for bridge in catalog.bridges.values():
        yield from _of_bridge(catalog, bridge)
    for order in catalog.columns.values():
        yield from ((order.name, order.kind, column.path) for column in order.columns if column.path)
        yield from ((order.name, order.kind, path) for path in order.given)
    for name_of_format, names in catalog.sequences.items():
        for name in names:
            for kind_name in catalog.formats[name_of_format].kinds:
                yield from _of_layout(catalog.layouts[name], kind_name)
    for file in catalog.files.values():
        yield from ((f"file {file.name}", file.kind, path) for path in file.given)
        for record in file.records:
            yield from _of_layout(catalog.layouts[record.layout], file.kind)
    yield from _of_tables(catalog)


def _of_tables(catalog: Catalog) -> Iterator[tuple[str, Kind, str]]:
    for one in catalog.x12.values():
        yield from ((f"set {one.name}", one.kind, path) for path in Table(one).paths)
    for message in catalog.messages.values():
        yield from ((f"message {message.name}", message.kind, path) for path in _of_message(message))


def _of_bridge(catalog: Catalog, bridge: Bridge) -> Iterator[tuple[str, Kind, str]]:
    place = f"bridge from {bridge.kind}"
    question = catalog.kinds[bridge.kind].question
    yield from ((place, bridge.kind, path) for case in bridge.cases for path in case.paths)
    yield from ((place, bridge.kind, path) for path in bridge.drops)
    for row in bridge.rows:
        yield place, bridge.to, row.to
        yield from ((place, bridge.kind, path) for path in (row.source, row.form) if path)
        if row.question and question:
            yield place, question.kind, row.question


def _of_question(kind: KindInfo) -> Iterator[tuple[str, Kind, str]]:
    if kind.question is not None:
        for own, other in kind.question.same:
            yield f"question of {kind.kind}", kind.kind, own
            yield f"question of {kind.kind}", kind.question.kind, other


def _of_facts(kind: KindInfo) -> Iterator[tuple[str, Kind, str]]:
    yield from ((f"facts of {kind.kind}", kind.kind, path) for path in named_paths(kind))


def _of_message(message: MessageTable) -> Iterator[str]:
    yield from (*message.paths(), *message.implied, message.year)
    yield from (*message.identifier.follows, *message.identifier.extensions)


def _of_layout(layout: Layout, kind: Kind) -> Iterator[tuple[str, Kind, str]]:
    prefix = "" if layout.block is None else f"{layout.block}[*]/" if layout.repeats else f"{layout.block}/"
    for field in layout.fields:
        if field.path:
            names = PARTS if field.picture is Picture.PERSON_NAME else ("",)
            paths = (f"{prefix}{field.path}/{name}".rstrip("/") for name in names)
            yield from ((f"layout {layout.name}", kind, path) for path in paths)
