"""The page that says which canonical element is which of NIEM."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from gateway.core.catalog import Catalog
from gateway.docs.markdown import code, table
from schemas.niem import Niem

_ELEMENT = "{http://www.w3.org/2001/XMLSchema}element"
HEAD = """# NIEM

Which element of the canonical form is which of NIEM {version}, and why the others are our own. Generated from
`schemas/niem.toml`. Source: {source}. Confidence: {confidence}.

"""


def elements(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Every element that a schema declares -> the schemas that do."""
    found: dict[str, list[str]] = {}
    for name in sorted(catalog.xsds):
        declared = {one.get("name", "") for one in etree.fromstring(catalog.xsds[name]).iter(_ELEMENT)} - {""}
        for element in declared:
            found.setdefault(element, []).append(name)
    return {element: tuple(found[element]) for element in sorted(found)}


def niem_page(catalog: Catalog, mapping: Niem) -> str:
    """``docs/niem.md``."""
    declared = elements(catalog)
    spaces = table(("prefix", "namespace"), ((code(p), code(uri)) for p, uri in mapping.namespaces.items()))
    named = [
        (code(element), code(mapping.elements[element].name), mapping.elements[element].note, ", ".join(files))
        for element, files in declared.items()
        if element in mapping.elements
    ]
    parts = [
        HEAD.format(version=mapping.version, source=mapping.source, confidence=mapping.confidence) + spaces,
        f"## With a NIEM name\n\n{table(('element', 'NIEM', 'what differs', 'schemas'), named)}",
    ]
    for reason in dict.fromkeys(mapping.extensions.values()):
        own = [code(element) for element in declared if mapping.extensions.get(element) == reason]
        parts.append(f"## Extensions: {len(own)}\n\n{reason}\n\n{', '.join(own)}\n")
    return "\n".join(parts)
