"""``docs/formats/layouts.md``: every known record of fixed width, how far it is carried, what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.catalog import Catalog
from gateway.core.file_order import FileRecord, RecordRole
from gateway.core.model import FormatName
from gateway.docs.formats import ALSO, NOTE, unbuilt_table
from gateway.docs.markdown import code, table

_RECOGNISED = frozenset({RecordRole.GROUP, RecordRole.ASIDE})


def carriers(catalog: Catalog) -> Mapping[str, tuple[FormatName, ...]]:
    """Layout -> the formats that have a record of it; a layout of none is not there."""
    found: dict[str, list[FormatName]] = {}
    for name in catalog.formats:
        layouts = [record.layout for record in _records(catalog, name)]
        layouts += [*catalog.sequences.get(name, ()), *ALSO.get(name, ())]
        for layout in dict.fromkeys(layouts):
            found.setdefault(layout, []).append(name)
    return {layout: tuple(names) for layout, names in found.items()}


def layouts_page(catalog: Catalog) -> str:
    """The page, drafts among them."""
    carried = carriers(catalog)
    rows = [
        (
            code(one.name),
            one.length,
            ", ".join(f"[{name}]({name}.md)" for name in carried.get(one.name, ())),
            _use(catalog, one.name, carried.get(one.name, ())),
            f"{one.confidence}, {one.version}",
            one.source,
        )
        for one in sorted(catalog.layouts.values(), key=lambda one: one.name)
    ]
    head = f"# Records of fixed width\n\n{NOTE}\n"
    what = (
        "Every layout whose places are known, with its origin and how sure it is. What is missing of a partial one, and"
        " why a draft is one, says the page of its format. Drafts are used only where `drafts` allows it, and"
        " every answer made with one says so.\n\n"
    )
    listed = table(("record", "bytes", "format", "carried", "confidence and version", "source"), rows)
    return f"{head}{what}{listed}\n## Not carried, and why\n\n{unbuilt_table(catalog)}"


def _records(catalog: Catalog, name: FormatName) -> tuple[FileRecord, ...]:
    return catalog.files[name].records if name in catalog.files else ()


def _use(catalog: Catalog, layout: str, formats: tuple[FormatName, ...]) -> str:
    """How a layout is used by the format that does most with it: what is read only, and what is a draft."""
    if not formats:
        return ""
    if catalog.layouts[layout].confidence == "unverified":
        return "its mark known, its count unverified, never written"
    best = max((catalog.formats[name] for name in formats), key=lambda info: info.writes)
    roles = {record.role for record in _records(catalog, best.name) if record.layout == layout}
    if roles and roles <= _RECOGNISED and not best.writes:
        use = "recognised"
    else:
        use = "read and written" if best.writes else "read"
    return f"{use}, {best.state}"
