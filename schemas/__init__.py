"""What is data: XSDs, layouts, column orders, code lists and rules, and the catalog that names them."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from gateway.core.catalog import Catalog
from schemas import tables
from schemas.checks import check
from schemas.document import Document, parse


def load() -> Catalog:
    """The catalog that is shipped, read and checked. Raises Misconfigured naming file and field."""
    return read(resources.files("schemas"))


def read(root: Traversable) -> Catalog:
    """The catalog below a folder that is laid out like this package."""
    main = parse("catalog.toml", root.joinpath("catalog.toml").read_bytes())
    code_files = {d.file: d for d in _folder(root, "codes")}
    triples = code_files.pop("codes/triples.toml", None)
    catalog = Catalog(
        kinds=tables.kinds(main),
        formats=tables.formats(main),
        layouts=tables.unique((tables.layout(d) for d in _folder(root, "layouts")), lambda one: one.name, "layout"),
        sequences=tables.sequences(main),
        columns=tables.unique((tables.columns(d) for d in _folder(root, "csv")), lambda one: one.name, "column order"),
        codes=tables.unique((c for d in code_files.values() for c in tables.code_lists(d)), lambda c: c.name, "codes"),
        triples=tables.unique(tables.triples(triples) if triples else (), lambda t: t.key, "triple"),
        rules=tables.unique((r for d in _folder(root, "rules") for r in tables.rules(d)), lambda r: r.code, "rule"),
        xsds={item.name: item.read_bytes() for item in _files(root, "xsd", ".xsd")},
    )
    check(catalog)
    return catalog


def _files(root: Traversable, folder: str, ending: str) -> list[Traversable]:
    found = root.joinpath(folder)
    if not found.is_dir():
        return []
    return sorted((item for item in found.iterdir() if item.name.endswith(ending)), key=lambda item: item.name)


def _folder(root: Traversable, folder: str) -> list[Document]:
    return [parse(f"{folder}/{item.name}", item.read_bytes()) for item in _files(root, folder, ".toml")]
