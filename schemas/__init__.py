"""What is data: XSDs, layouts, column orders, code lists and rules, and the catalog that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from gateway.core.attestation import Attestation
from gateway.core.catalog import Catalog, Layout
from gateway.core.model import FormatName
from gateway.core.policy import Policy
from gateway.core.ports.formats import FormatState
from gateway.core.retention import Schedule
from gateway.core.succession import Succession
from schemas import files, messages, tables, x12_sets
from schemas.attestation_text import FILE as ATTESTATION
from schemas.attestation_text import read_attestation
from schemas.bridges import read_bridges
from schemas.checks import check
from schemas.disclosure_policy import check_policy, read_policy
from schemas.document import Document, parse
from schemas.matrix import MatrixReader
from schemas.retention_policy import FILE as RETENTION
from schemas.retention_policy import read_schedule
from schemas.successions import FILE as SUCCESSIONS
from schemas.successions import read_successions


def load(*, drafts: bool = False) -> Catalog:
    """The catalog that is shipped, read and checked. Raises Misconfigured naming file and field.

    Without ``drafts`` the formats whose facts nobody official has confirmed are withheld. A catalog is a value and what
    is shipped does not change: it is read once in a process.
    """
    return _shipped(drafts=drafts)


@cache
def _shipped(*, drafts: bool) -> Catalog:
    if not drafts:
        return _without_drafts(_shipped(drafts=True))
    return read(resources.files("schemas"), drafts=True)


def schedule(catalog: Catalog, content: bytes | None = None, file: str = RETENTION) -> Schedule:
    """How long what is kept: the policy that is shipped, or the one in ``content``, read from ``file``. Raises
    Misconfigured when it allows what the law does not."""
    shipped = resources.files("schemas").joinpath(RETENTION).read_bytes() if content is None else content
    return read_schedule(shipped, catalog, catalog.policy, file)


def attestation(penalty: str, content: bytes | None = None, file: str = ATTESTATION) -> Attestation:
    """What is attested with requests to find persons: the text that is shipped, or the one in ``content``, read
    from ``file``, with the penalty that it tells. Raises Misconfigured."""
    shipped = resources.files("schemas").joinpath(ATTESTATION).read_bytes() if content is None else content
    return read_attestation(shipped, penalty, file)


def read(root: Traversable, *, drafts: bool = False) -> Catalog:
    """The catalog below a folder that is laid out like this package."""
    main = parse("catalog.toml", root.joinpath("catalog.toml").read_bytes())
    code_files = {d.file: d for d in _folder(root, "codes")}
    triple_file = code_files.pop("codes/triples.toml", None)
    triples = tables.unique(tables.triples(triple_file) if triple_file else (), lambda t: t.key, "triple")
    layouts = tables.unique(files.layouts(_folder(root, "layouts")), lambda one: one.name, "layout")
    formats = tables.formats(main)
    catalog = Catalog(
        kinds=tables.kinds(main),
        formats=formats,
        layouts=layouts,
        sequences=tables.sequences(main),
        columns=tables.unique((tables.columns(d) for d in _folder(root, "csv")), lambda one: one.name, "column order"),
        codes=tables.unique((c for d in code_files.values() for c in tables.code_lists(d)), lambda c: c.name, "codes"),
        triples=triples,
        rules=tables.unique((r for d in _folder(root, "rules") for r in tables.rules(d)), lambda r: r.code, "rule"),
        xsds={item.name: item.read_bytes() for item in _files(root, "xsd", ".xsd")},
        files=tables.unique(
            (o for d in _folder(root, "files") for o in files.orders(d, layouts)), lambda o: o.name, "file"
        ),
        bridges=tables.unique(read_bridges(_folder(root, "bridges")), lambda one: one.kind, "bridge"),
        messages=tables.unique((messages.message(d) for d in _folder(root, "fhir")), lambda one: one.name, "message"),
        x12=tables.unique((x12_sets.transaction_set(d) for d in _folder(root, "x12")), lambda one: one.name, "set"),
        unbuilt=tuple(tables.unbuilt(main)),
        policy=_policy(root),
        successions=_successions(root, layouts, frozenset(formats)),
        marks={key: m for d in _folder(root, "matrix") for key, m in MatrixReader(layouts, triples).read(d).items()},
    )
    check(catalog)
    check_policy(catalog)
    return catalog if drafts else _without_drafts(catalog)


def _successions(
    root: Traversable, layouts: Mapping[str, Layout], formats: frozenset[FormatName]
) -> Mapping[FormatName, Succession]:
    file = root.joinpath(SUCCESSIONS)
    return read_successions(parse(SUCCESSIONS, file.read_bytes()), layouts, formats) if file.is_file() else {}


def _policy(root: Traversable) -> Policy:
    folder = root.joinpath("disclosure")
    files = {name: folder.joinpath(name).read_bytes() for name in ("policy.toml", "fti.toml", "answers.toml")}
    read = read_policy(*(parse(f"disclosure/{name}", text) for name, text in files.items()))
    return replace(read, digest=hashlib.sha256(b"".join(files.values())).hexdigest())


def _without_drafts(catalog: Catalog) -> Catalog:
    withheld = {name: info for name, info in catalog.formats.items() if info.state is FormatState.DRAFT}
    kept = {name: info for name, info in catalog.formats.items() if name not in withheld}
    return replace(catalog, formats=kept, withheld=withheld)


def _files(root: Traversable, folder: str, ending: str) -> list[Traversable]:
    found = root.joinpath(folder)
    if not found.is_dir():
        return []
    return sorted((item for item in found.iterdir() if item.name.endswith(ending)), key=lambda item: item.name)


def _folder(root: Traversable, folder: str) -> list[Document]:
    return [parse(f"{folder}/{item.name}", item.read_bytes()) for item in _files(root, folder, ".toml")]
